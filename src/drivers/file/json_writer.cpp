#include "drivers/file/json_writer.hpp"

#include <string>

#include <fmt/format.h>

#include "drivers/file/config.hpp"
#include "drivers/file/output_file.hpp"
#include "engine/sql.hpp"

namespace spillway::drivers::file {
namespace {

using engine::quote_literal;

std::string copy_options(const Json& config) {
  std::string options = fmt::format(", ARRAY {}, COMPRESSION {}", config.at("format") == "array",
                                    quote_literal(compression_of_target(config)));
  if (const auto format = option<std::string>(config, "date_format")) {
    options += ", DATEFORMAT " + quote_literal(*format);
  }
  if (const auto format = option<std::string>(config, "timestamp_format")) {
    options += ", TIMESTAMPFORMAT " + quote_literal(*format);
  }
  return options;
}

}  // namespace

StepResult JsonWriter::run(StepContext& context) const {
  const frame::ResolvedInput& input = required_input(context, "filesystem.json_writer");
  return write_output(context, {"json", input.select_sql, copy_options(context.config)});
}

}  // namespace spillway::drivers::file
