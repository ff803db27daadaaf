#include "drivers/postgres/partition.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "drivers/postgres/query.hpp"
#include "drivers/sql/select_query.hpp"
#include "drivers/sql/table_name.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

using Json = nlohmann::json;

constexpr int k_first_version_with_page_ranges = 140000;

/// A column type that ranges can be cut from, and how its value between lo and hi is computed.
struct RangeType {
  Oid oid;
  std::string_view name;
  std::string_view between;
};
constexpr std::string_view k_between_integers = "trunc(lo::numeric + (hi::numeric - lo) * i / {0})";
constexpr std::string_view k_between_times = "lo + (hi - lo) * i / {0}";
constexpr std::array k_range_types{
    RangeType{20, "int8", k_between_integers},       RangeType{21, "int2", k_between_integers},
    RangeType{23, "int4", k_between_integers},       RangeType{1700, "numeric", "lo + (hi - lo) * i / {0}"},
    RangeType{1082, "date", k_between_times},        RangeType{1114, "timestamp", k_between_times},
    RangeType{1184, "timestamptz", k_between_times},
};

std::vector<std::string> column_ranges(const Json& partition, const std::string& base,
                                       const std::vector<ServerColumn>& columns, ServerConnection& connection) {
  std::vector<std::string> column_names;
  for (const ServerColumn& known : columns) column_names.push_back(known.name);
  const std::size_t index = sql::partition_column(partition, column_names);
  const ServerColumn& column = columns[index];
  const auto* type = std::ranges::find(k_range_types, column.type, &RangeType::oid);
  if (type == k_range_types.end()) {
    fail(ErrorCode::invalid_config,
         fmt::format("cannot divide by column '{}': it is no number, date or timestamp", column.name),
         "name another column; a table without such a column is divided by its pages when no column is named");
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns.size(); ++i) names.push_back(fmt::format("c{}", i + 1));
  const std::string& range_column = names[index];
  const auto parts = partition.at("parts").get<std::uint64_t>();
  const std::string statement = fmt::format(
      "WITH ends AS (SELECT min({0}) AS lo, max({0}) AS hi FROM (\n{1}\n) AS q({2})) "
      "SELECT ({3})::text FROM ends, generate_series(1, {4} - 1) AS i WHERE lo IS NOT NULL ORDER BY i",
      range_column, base, join(names, ", "), fmt::format(fmt::runtime(type->between), parts), parts);
  std::vector<std::string> bounds;
  for (const TextRow& row : connection.rows(statement)) {
    bounds.push_back(fmt::format("{}::{}", engine::quote_literal(row[0].value_or("")), type->name));
  }
  return sql::range_conditions(range_column, bounds);
}

std::vector<std::string> page_ranges(const Json& config, ServerConnection& connection) {
  const sql::TableName table = value_or_throw(sql::parse_table_name(config.at("table").get<std::string>()));
  if (connection.server_version() < k_first_version_with_page_ranges) {
    fail(ErrorCode::unsupported,
         fmt::format("cannot divide table '{}' by its pages: the server is older than PostgreSQL 14", table.shown()),
         "name a column: partition: {column: id, parts: 2}");
  }
  const std::vector<TextRow> found = connection.rows(
      "SELECT relkind, pg_relation_size(oid) / current_setting('block_size')::int FROM pg_catalog.pg_class "
      "WHERE oid = $1::regclass",
      {table.to_sql('"')});
  const std::string kind = found.empty() ? "" : found[0][0].value_or("");
  if (kind != "r" && kind != "m") {
    fail(ErrorCode::invalid_config,
         fmt::format("cannot divide '{}' by its pages: it is no table that has any", table.shown()),
         "name a column: partition: {column: id, parts: 2}");
  }
  const std::uint64_t pages = parse_uint(found[0][1].value_or("")).value_or(0);
  const auto parts = config.at("partition").at("parts").get<std::uint64_t>();
  std::vector<std::string> conditions;
  for (std::uint64_t i = 0; i < parts; ++i) {
    std::string condition = fmt::format("ctid >= '({},0)'::tid", pages * i / parts);
    // The last one is open: the snapshot decides what is in the table.
    if (i + 1 < parts) condition += fmt::format(" AND ctid < '({},0)'::tid", pages * (i + 1) / parts);
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

}  // namespace

std::vector<std::string> partition_queries(const Json& config, const std::string& base,
                                           const std::vector<ServerColumn>& server_columns,
                                           const std::vector<ColumnReader>& columns, ServerConnection& connection) {
  const auto partition = config.find("partition");
  if (partition == config.end()) return {read_query(base, columns)};
  std::vector<std::string> queries;
  if (partition->contains("column")) {
    for (const std::string& condition : column_ranges(*partition, base, server_columns, connection)) {
      queries.push_back(read_query(base, columns, condition));
    }
  } else {
    for (const std::string& condition : page_ranges(config, connection)) {
      queries.push_back(read_query(sql::select_query(config, k_name_quote, condition), columns));
    }
  }
  return queries;
}

}  // namespace spillway::drivers::postgres
