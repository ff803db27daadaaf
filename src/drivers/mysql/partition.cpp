#include "drivers/mysql/partition.hpp"

#include <fmt/format.h>

#include "drivers/mysql/session.hpp"
#include "drivers/sql/select_query.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::mysql {
namespace {

using Json = nlohmann::json;

/// What lies i of n parts of the way from lo to hi, or empty for columns that ranges cannot be cut from.
std::string between(const ServerColumn& column) {
  switch (column.type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_YEAR:
    case MYSQL_TYPE_NEWDECIMAL:
      // As decimals they are exact, and the difference of two integers never overflows.
      return "TRUNCATE(CAST(lo AS DECIMAL(60,{2})) + (CAST(hi AS DECIMAL(60,{2})) - lo) * {0} / {1}, {2})";
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_DATETIME2:
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_TIMESTAMP2:
      return "lo + INTERVAL TIMESTAMPDIFF(MICROSECOND, lo, hi) DIV {1} * {0} MICROSECOND";
    default:
      return {};
  }
}

bool is_number(const ServerColumn& column) { return between(column).starts_with("TRUNCATE"); }

std::vector<std::string> bounds_of(const ServerColumn& column, const std::string& base, std::uint64_t parts,
                                   ServerConnection& connection) {
  const std::string expression = between(column);
  if (expression.empty()) {
    fail(ErrorCode::invalid_config,
         fmt::format("cannot divide by column '{}': it is no number, date or timestamp", column.name),
         "name another column");
  }
  if (parts == 1) return {};
  std::vector<std::string> items;
  for (std::uint64_t i = 1; i < parts; ++i) {
    items.push_back(
        fmt::format("CAST({} AS CHAR)", fmt::format(fmt::runtime(expression), i, parts, column.decimals)));
  }
  const std::string name = sql::quoted(column.name, k_name_quote);
  const std::vector<TextRow> found =
      connection.rows(fmt::format("SELECT {} FROM (SELECT MIN({}) AS lo, MAX({}) AS hi FROM (\n{}\n) AS r) AS ends",
                                  join(items, ", "), name, name, base));
  std::vector<std::string> bounds;
  for (const auto& bound : found.front()) {
    if (!bound) return {};  // there are no values, or none that can be counted with
    bounds.push_back(is_number(column) ? *bound : text_literal(*bound));
  }
  return bounds;
}

}  // namespace

std::vector<std::string> partition_queries(const Json& config, const std::string& base,
                                           ServerConnection& connection) {
  const Json& partition = config.at("partition");
  const std::vector<ServerColumn> columns = connection.describe(base);
  std::vector<std::string> names;
  for (const ServerColumn& column : columns) names.push_back(column.name);
  const ServerColumn& column = columns[sql::partition_column(partition, names)];
  const auto parts = partition.at("parts").get<std::uint64_t>();
  std::vector<std::string> queries;
  for (const std::string& condition :
       sql::range_conditions(sql::quoted(column.name, k_name_quote), bounds_of(column, base, parts, connection))) {
    const bool is_query = config.contains("query") && !condition.empty();
    queries.push_back(is_query ? fmt::format("SELECT * FROM (\n{}\n) AS rows_read WHERE {}", base, condition)
                               : sql::select_query(config, k_name_quote, condition));
  }
  return queries;
}

}  // namespace spillway::drivers::mysql
