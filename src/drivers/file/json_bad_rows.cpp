#include "drivers/file/json_bad_rows.hpp"

#include <vector>

#include <fmt/format.h>

#include "drivers/file/bad_rows_file.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::quote_identifier;
using engine::quote_literal;

/// SQL: whether any value of an object would be lost.
std::string any_lost(const JsonPlan& plan) {
  std::vector<std::string> lost{"false"};
  for (const StrictColumn& column : plan.columns) {
    if (column.is_converted()) lost.push_back(column.is_lost());
  }
  return join(lost, " OR ");
}

std::string select_good_rows_of(const JsonPlan& plan, const InputFile& file) {
  std::vector<std::string> items;
  for (const StrictColumn& column : plan.columns) {
    items.push_back((column.is_converted() ? column.converted : column.value) + " AS " +
                    quote_identifier(column.name));
  }
  if (plan.filename_column) {
    items.push_back(quote_literal(file.shown) + " AS " + quote_identifier(*plan.filename_column));
  }
  return fmt::format("SELECT {} FROM {} WHERE object IS NOT NULL AND NOT ({})", join(items, ", "), plan.objects(file),
                     any_lost(plan));
}

std::string select_bad_lines(const JsonPlan& plan, const InputFile& file, std::uint64_t limit) {
  std::string name;
  std::string reason;
  for (const StrictColumn& column : plan.columns) {
    if (!column.is_converted()) continue;
    name += fmt::format(" WHEN {} THEN {}", column.is_lost(), quote_literal(column.name));
    reason += fmt::format(" WHEN {} THEN '''' || {} || {}", column.is_lost(), column.value,
                          quote_literal("' is no " + column.type.to_sql()));
  }
  return fmt::format(
      "SELECT number, CASE WHEN object IS NULL THEN ''{} END, CASE WHEN NOT json_valid(line) THEN 'it is no JSON' "
      "WHEN "
      "object IS NULL THEN 'it is no object'{} END, line FROM {} WHERE line IS NOT NULL AND (object IS NULL OR {}) "
      "LIMIT {}",
      name, reason, plan.objects(file), any_lost(plan), limit);
}

}  // namespace

std::string select_good_rows(const JsonPlan& plan) {
  std::vector<std::string> selects;
  for (const InputFile& file : plan.files) selects.push_back(select_good_rows_of(plan, file));
  return fmt::format("SELECT * FROM (({})) AS files", join(selects, ") UNION ALL ("));
}

void report_bad_objects(const StepContext& context, const JsonPlan& plan) {
  const auto most = context.config.at("max_bad_rows").get<std::uint64_t>();
  std::vector<BadRow> bad_rows;
  for (const InputFile& file : plan.files) {
    for (const auto& cells : context.connection.rows(select_bad_lines(plan, file, most + 1))) {
      bad_rows.push_back({file.shown, parse_uint(cells[0].value()).value_or(0), cells[1].value_or(""),
                          cells[2].value_or(""), cells[3].value_or("")});
    }
  }
  check_bad_row_count(bad_rows, most);
  write_bad_rows(context, bad_rows);
}

}  // namespace spillway::drivers::file
