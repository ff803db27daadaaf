#include "drivers/file/columns.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "drivers/engine_text.hpp"
#include "drivers/file/config.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

constexpr std::size_t k_most_listed = 30;

std::string listed(const std::vector<std::string>& names) {
  if (names.size() <= k_most_listed) return join(names, ", ");
  const std::vector<std::string> first(names.begin(), names.begin() + k_most_listed);
  return fmt::format("{} and {} more", join(first, ", "), names.size() - k_most_listed);
}

/// The text goes to the engine as a literal, so that it can only be a type.
engine::Type parse_type(const StepContext& context, const InputFile& any_file, const std::string& name,
                        const std::string& text) {
  try {
    return context.connection
        .describe(fmt::format("FROM read_csv({}, auto_detect = false, columns = {{'type': {}}})",
                              engine::quote_literal(any_file.path.string()), engine::quote_literal(text)))
        .at(0)
        .type;
  } catch (const Exception& exception) {
    const std::string reason = without_error_type(first_line(exception.error().message));
    fail(ErrorCode::invalid_config, fmt::format("cannot use type '{}' for column '{}': {}", text, name, reason),
         "types are SQL's: BIGINT, DOUBLE, DECIMAL(18,2), VARCHAR, BOOLEAN, DATE, TIMESTAMP, TIMESTAMPTZ");
  }
}

}  // namespace

Error unknown_column(const std::string& name, const std::vector<std::string>& available, const std::string& what) {
  const std::optional<std::string> near = closest_match(name, available);
  return make_error(
      ErrorCode::invalid_config, fmt::format("cannot find column '{}' in {}", name, what),
      fmt::format("{}the columns are: {}", near ? fmt::format("did you mean '{}'? ", *near) : "", listed(available)));
}

std::vector<std::string> selected_columns(const StepContext& context, const std::vector<std::string>& available,
                                          const std::string& what) {
  std::vector<std::string> names = texts(context.config, "columns");
  for (const std::string& name : names) {
    if (std::ranges::find(available, name) == available.end()) fail(unknown_column(name, available, what));
  }
  return names.empty() ? available : names;
}

void check_filename_column(const StepContext& context, const std::vector<std::string>& available,
                           const std::string& what) {
  const auto name = option<std::string>(context.config, "filename_column");
  if (!name) return;
  const std::string wanted = to_lower(*name);
  for (const std::string& column : available) {
    if (to_lower(column) != wanted) continue;
    fail(ErrorCode::invalid_config,
         fmt::format("cannot add filename_column '{}': {} already has a column of this name", *name, what),
         "give filename_column another name");
  }
}

std::map<std::string, engine::Type> declared_types(const StepContext& context, const InputFile& any_file) {
  using Texts = std::map<std::string, std::string>;
  std::map<std::string, engine::Type> types;
  for (const auto& [name, text] : option<Texts>(context.config, "types").value_or(Texts())) {
    types[name] = parse_type(context, any_file, name, text);
  }
  return types;
}

std::string limit_sql(const StepContext& context) {
  const auto limit = option<std::uint64_t>(context.config, "limit");
  return limit ? fmt::format(" LIMIT {}", *limit) : std::string();
}

}  // namespace spillway::drivers::file
