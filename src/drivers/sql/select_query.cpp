#include "drivers/sql/select_query.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "drivers/sql/table_name.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::sql {
namespace {

using Json = nlohmann::json;

[[noreturn]] void fail_options(std::string message, std::string hint) {
  fail(ErrorCode::invalid_config, std::move(message), std::move(hint));
}

void check_options(const Json& config) {
  if (config.contains("query") == config.contains("table")) {
    fail_options(
        config.contains("query") ? "cannot read both 'query' and 'table'" : "there is neither 'query' nor 'table'",
        "give one of the two");
  }
  for (const char* option : {"columns", "filter", "order", "limit"}) {
    if (config.contains("query") && config.contains(option)) {
      fail_options(fmt::format("option '{}' does not go with 'query'", option), "say it in the query");
    }
  }
  if (!config.contains("partition")) return;
  for (const char* option : {"order", "limit", "params"}) {
    if (config.contains(option)) {
      fail_options(fmt::format("option '{}' does not go with 'partition'", option),
                   "parts are read side by side, and each of them by a statement of its own");
    }
  }
  if (config.contains("query") && !config.at("partition").contains("column")) {
    fail_options("partition needs a 'column' to divide a query by", "only a table is divided without one");
  }
}

/// A trailing ';' ends a statement that is put into another one.
std::string without_semicolon(std::string_view sql) {
  sql = trim(sql);
  while (sql.ends_with(';')) sql = trim(sql.substr(0, sql.size() - 1));
  return std::string(sql);
}

/// "name", "name asc" or "name desc".
std::string order_item(const std::string& text, char quote) {
  const std::string lower = to_lower(text);
  for (const std::string_view direction : {" asc", " desc"}) {
    if (!lower.ends_with(direction)) continue;
    const std::string_view name = trim(std::string_view(text).substr(0, text.size() - direction.size()));
    return sql::quoted(name, quote) + std::string(direction);
  }
  return sql::quoted(text, quote);
}

}  // namespace

std::string what_is_read(const Json& config) {
  return config.contains("table") ? fmt::format("table '{}'", config.at("table").get<std::string>()) : "the query";
}

std::string select_query(const Json& config, char quote, std::string_view condition) {
  check_options(config);
  if (config.contains("query")) return without_semicolon(config.at("query").get<std::string>());
  const TableName table = value_or_throw(parse_table_name(config.at("table").get<std::string>()));
  const auto texts = [&](const char* option) { return config.value(option, std::vector<std::string>()); };
  const std::vector<std::string> columns = texts("columns");
  std::string sql =
      fmt::format("SELECT {} FROM {}", columns.empty() ? "*" : quoted_list(columns, quote), table.to_sql(quote));
  std::vector<std::string> conditions;
  // A comment at the end of the filter must not swallow what follows it.
  if (config.contains("filter")) conditions.push_back(fmt::format("({}\n)", config.at("filter").get<std::string>()));
  if (!condition.empty()) conditions.emplace_back(condition);
  if (!conditions.empty()) sql += " WHERE " + join(conditions, " AND ");
  std::vector<std::string> order;
  for (const std::string& item : texts("order")) order.push_back(order_item(item, quote));
  if (!order.empty()) sql += " ORDER BY " + join(order, ", ");
  if (config.contains("limit")) sql += fmt::format(" LIMIT {}", config.at("limit").get<std::uint64_t>());
  return sql;
}

std::size_t partition_column(const Json& partition, const std::vector<std::string>& names) {
  const auto name = partition.at("column").get<std::string>();
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto nearest = closest_match(name, names);
  fail(ErrorCode::invalid_config,
       fmt::format("unknown column '{}' in 'partition': the rows have none of that name", name),
       nearest ? fmt::format("did you mean '{}'?", *nearest) : fmt::format("the columns are {}", join(names, ", ")));
}

std::vector<std::string> range_conditions(const std::string& column, const std::vector<std::string>& bounds) {
  if (bounds.empty()) return {""};
  std::vector<std::string> conditions;
  conditions.push_back(fmt::format("({0} < {1} OR {0} IS NULL)", column, bounds.front()));
  for (std::size_t i = 1; i < bounds.size(); ++i) {
    conditions.push_back(fmt::format("{0} >= {1} AND {0} < {2}", column, bounds[i - 1], bounds[i]));
  }
  conditions.push_back(fmt::format("{} >= {}", column, bounds.back()));
  return conditions;
}

}  // namespace spillway::drivers::sql
