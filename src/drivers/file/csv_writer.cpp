#include "drivers/file/csv_writer.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "drivers/file/config.hpp"
#include "drivers/file/output_file.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::quote_identifier;
using engine::quote_literal;
using engine::TypeId;

/// Nested values are written as JSON, which other programs read; the engine's own notation is its alone.
std::string select_for_csv(const frame::ResolvedInput& input) {
  const auto nested = [](const engine::Column& column) { return is_nested(column.type); };
  if (std::ranges::none_of(input.schema, nested)) return input.select_sql;
  std::vector<std::string> items;
  for (const engine::Column& column : input.schema) {
    const std::string name = quote_identifier(column.name);
    items.push_back(nested(column) ? fmt::format("CAST(to_json({0}) AS VARCHAR) AS {0}", name) : name);
  }
  return fmt::format("SELECT {} FROM ({}) AS frame", join(items, ", "), input.select_sql);
}

std::string copy_options(const Json& config) {
  const auto quote = config.at("quote").get<std::string>();
  std::string options = fmt::format(
      ", HEADER {}, DELIMITER {}, QUOTE {}, ESCAPE {}, NULLSTR {}, COMPRESSION {}", config.at("header").get<bool>(),
      quote_literal(config.at("delimiter").get<std::string>()), quote_literal(quote),
      quote_literal(option<std::string>(config, "escape").value_or(quote)),
      quote_literal(config.at("null_value").get<std::string>()), quote_literal(compression_of_target(config)));
  if (config.at("quote_all").get<bool>()) options += ", FORCE_QUOTE *";
  if (const auto format = option<std::string>(config, "date_format")) {
    options += ", DATEFORMAT " + quote_literal(*format);
  }
  if (const auto format = option<std::string>(config, "timestamp_format")) {
    options += ", TIMESTAMPFORMAT " + quote_literal(*format);
  }
  return options;
}

}  // namespace

StepResult CsvWriter::run(StepContext& context) const {
  const frame::ResolvedInput& input = required_input(context, "filesystem.csv_writer");
  return write_output(context, {"csv", select_for_csv(input), copy_options(context.config)});
}

}  // namespace spillway::drivers::file
