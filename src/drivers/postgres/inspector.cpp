#include "drivers/postgres/inspector.hpp"

#include <fmt/format.h>

#include "drivers/postgres/server_connection.hpp"
#include "drivers/sql/latency.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

// Partitions are parts of a table that is listed itself.
constexpr const char* k_tables_sql = R"(
SELECT c.oid, n.nspname, c.relname,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
       CASE WHEN c.reltuples >= 0 AND c.relkind IN ('r', 'm') THEN c.reltuples::bigint END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND ($1::text IS NULL OR c.oid = to_regclass($1))
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname)";

constexpr const char* k_inspected_columns_sql = R"(
SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, coalesce(a.attnum = ANY (i.indkey), false)
FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum)";

std::unique_ptr<ServerConnection> connect(const InspectedServer& server) {
  auto connection =
      std::make_unique<ServerConnection>(ConnectOptions{server.fields, server.base_dir, "spillway"}, server.cancel);
  // In a transaction that ends with the connection: behind a pooler, settings would stay for whoever comes next.
  connection->execute("BEGIN READ ONLY; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'");
  if (const auto schema = server.fields.find("schema"); schema != server.fields.end()) {
    connection->execute("SET LOCAL search_path = " + sql::quoted(schema->get<std::string>(), '"'));
  }
  return connection;
}

/// "CONNECT, CREATE, TEMPORARY on database shop"
std::string rights(ServerConnection& connection) {
  return connection.text(
      "SELECT concat_ws(', ', CASE WHEN has_database_privilege(current_database(), 'CONNECT') THEN 'CONNECT' END, "
      "CASE WHEN has_database_privilege(current_database(), 'CREATE') THEN 'CREATE' END, "
      "CASE WHEN has_database_privilege(current_database(), 'TEMPORARY') THEN 'TEMPORARY' END) || "
      "' on database ' || current_database() || ' as ' || current_user");
}

}  // namespace

std::vector<HealthCheck> PostgresInspector::check(const InspectedServer& server) const {
  std::vector<HealthCheck> checks;
  const auto add = [&](std::string name, std::string detail) {
    checks.push_back({std::move(name), std::move(detail), std::nullopt});
  };
  try {
    const std::unique_ptr<ServerConnection> opened = connect(server);
    ServerConnection& connection = *opened;
    add("connect", connection.text("SELECT 'as ' || current_user || ' to database ' || current_database()"));
    const std::string tls = connection.tls_version();
    add("tls", tls.empty() ? "none" : tls);
    add("version", "PostgreSQL " + connection.parameter("server_version"));
    add("latency", sql::latency_of([&] { connection.text("SELECT 1"); }));
    add("rights", rights(connection));
  } catch (const Exception& exception) {
    checks.push_back({checks.empty() ? "connect" : "query", "", exception.error()});
  }
  return checks;
}

std::vector<InspectedTable> PostgresInspector::tables(const InspectedServer& server,
                                                      const std::optional<sql::TableName>& only) const {
  const std::unique_ptr<ServerConnection> opened = connect(server);
  ServerConnection& connection = *opened;
  std::vector<InspectedTable> tables;
  std::map<std::string, std::size_t> index_of;  // by oid
  std::vector<std::string> oids;
  for (const TextRow& row : connection.rows(k_tables_sql, {only ? std::optional(only->to_sql('"')) : std::nullopt})) {
    InspectedTable table;
    table.name = {row[1].value_or(""), row[2].value_or("")};
    table.kind = row[3].value_or("");
    if (row[4]) table.row_estimate = parse_uint(*row[4]);
    index_of[row[0].value_or("")] = tables.size();
    oids.push_back(row[0].value_or(""));
    tables.push_back(std::move(table));
  }
  for (const TextRow& row : connection.rows(k_inspected_columns_sql, {fmt::format("{{{}}}", join(oids, ","))})) {
    tables[index_of.at(row[0].value_or(""))].columns.push_back(
        {row[1].value_or(""), row[2].value_or(""), row[3] == "t", row[4] == "t"});
  }
  return tables;
}

std::vector<SampleRow> PostgresInspector::sample(const InspectedServer& server, const InspectedTable& table,
                                                 std::uint64_t rows) const {
  std::vector<std::string> items;
  for (const InspectedColumn& column : table.columns) items.push_back(sql::quoted(column.name, '"') + "::text");
  return connect(server)->rows(
      fmt::format("SELECT {} FROM {} LIMIT {}", join(items, ", "), table.name.to_sql('"'), rows));
}

}  // namespace spillway::drivers::postgres
