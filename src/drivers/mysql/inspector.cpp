#include "drivers/mysql/inspector.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "drivers/mysql/column_type.hpp"
#include "drivers/mysql/server_connection.hpp"
#include "drivers/mysql/session.hpp"
#include "drivers/sql/latency.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::mysql {
namespace {

constexpr std::string_view k_inspected_tables_sql = R"(
SELECT table_schema, table_name, IF(table_type = 'VIEW', 'view', 'table'), IF(table_type = 'VIEW', NULL, table_rows)
FROM information_schema.tables
WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW') AND {}
ORDER BY BINARY table_schema, BINARY table_name)";

constexpr std::string_view k_inspected_columns_sql = R"(
SELECT table_schema, table_name, column_name, column_type, is_nullable = 'YES'
FROM information_schema.columns
WHERE {}
ORDER BY ordinal_position)";

constexpr std::string_view k_inspected_keys_sql = R"(
SELECT table_schema, table_name, column_name
FROM information_schema.statistics
WHERE index_name = 'PRIMARY' AND {})";

std::unique_ptr<ServerConnection> connect(const InspectedServer& server) {
  auto connection =
      std::make_unique<ServerConnection>(ConnectOptions{server.fields, server.base_dir, "spillway"}, server.cancel);
  connection->execute("SET SESSION time_zone = '+00:00'");
  connection->execute("SET SESSION TRANSACTION READ ONLY");
  return connection;
}

/// "MariaDB 10.11.6", without what the distribution adds.
std::string version(ServerConnection& connection) {
  const std::string text = connection.text("SELECT VERSION()");
  return (connection.is_mariadb() ? "MariaDB " : "MySQL ") + text.substr(0, text.find('-'));
}

std::string tls(ServerConnection& connection) {
  const std::vector<TextRow> found = connection.rows("SHOW SESSION STATUS LIKE 'Ssl_version'");
  const std::string version = found.empty() ? "" : found[0][1].value_or("");
  return version.empty() ? "none" : version;
}

/// "ALL PRIVILEGES ON *.*; SELECT ON `shop`.`orders`": what stands before TO. Behind it may be the password's hash.
std::string rights(ServerConnection& connection) {
  constexpr std::string_view k_grant = "GRANT ";
  std::vector<std::string> granted;
  for (const TextRow& row : connection.rows("SHOW GRANTS")) {
    const std::string text = row[0].value_or("");
    if (!text.starts_with(k_grant)) continue;
    granted.push_back(text.substr(k_grant.size(), text.find(" TO ") - k_grant.size()));
  }
  return join(granted, "; ");
}

/// Which tables are asked for, as a condition.
std::string chosen(const std::optional<sql::TableName>& only) {
  if (!only) return "table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')";
  return fmt::format("table_schema = {} AND table_name = {}",
                     only->schema.empty() ? "DATABASE()" : text_literal(only->schema), text_literal(only->name));
}

/// A column as a text that every terminal shows: bytes as X'…' has them, bits as a number.
std::string shown_column(const std::string& name, const ServerColumn& column, const engine::Type& type) {
  const std::string quoted = sql::quoted(name, k_name_quote);
  if (column.type == MYSQL_TYPE_BIT) return quoted + " + 0";
  return type.id == engine::TypeId::blob ? fmt::format("CONCAT('0x', HEX({}))", quoted) : quoted;
}

}  // namespace

std::vector<HealthCheck> MysqlInspector::check(const InspectedServer& server) const {
  std::vector<HealthCheck> checks;
  const auto add = [&](std::string name, std::string detail) {
    checks.push_back({std::move(name), std::move(detail), std::nullopt});
  };
  try {
    const auto connection = connect(server);
    add("connect", connection->text("SELECT CONCAT('as ', CURRENT_USER(), ' to ', "
                                    "COALESCE(CONCAT('database ', DATABASE()), 'no database'))"));
    add("tls", tls(*connection));
    add("version", version(*connection));
    add("latency", sql::latency_of([&] { connection->text("SELECT 1"); }));
    add("rights", rights(*connection));
  } catch (const Exception& exception) {
    checks.push_back({checks.empty() ? "connect" : "query", "", exception.error()});
  }
  return checks;
}

std::vector<InspectedTable> MysqlInspector::tables(const InspectedServer& server,
                                                   const std::optional<sql::TableName>& only) const {
  const auto connection = connect(server);
  const std::string condition = chosen(only);
  std::vector<InspectedTable> tables;
  std::map<std::pair<std::string, std::string>, std::size_t> index_of;
  const auto table_of = [&](const TextRow& row) -> InspectedTable* {
    // Created in the meantime, it has columns only.
    const auto found = index_of.find({row[0].value_or(""), row[1].value_or("")});
    return found == index_of.end() ? nullptr : &tables[found->second];
  };
  for (const TextRow& row : connection->rows(fmt::format(k_inspected_tables_sql, condition))) {
    InspectedTable table;
    table.name = {row[0].value_or(""), row[1].value_or("")};
    table.kind = row[2].value_or("");
    if (row[3]) table.row_estimate = parse_uint(*row[3]);
    index_of[{table.name.schema, table.name.name}] = tables.size();
    tables.push_back(std::move(table));
  }
  for (const TextRow& row : connection->rows(fmt::format(k_inspected_columns_sql, condition))) {
    InspectedTable* table = table_of(row);
    if (table != nullptr) table->columns.push_back({row[2].value_or(""), row[3].value_or(""), row[4] == "1", false});
  }
  for (const TextRow& row : connection->rows(fmt::format(k_inspected_keys_sql, condition))) {
    InspectedTable* table = table_of(row);
    if (table == nullptr) continue;
    for (InspectedColumn& column : table->columns) column.is_key = column.is_key || column.name == row[2];
  }
  return tables;
}

std::vector<SampleRow> MysqlInspector::sample(const InspectedServer& server, const InspectedTable& table,
                                              std::uint64_t rows) const {
  const auto connection = connect(server);
  const auto select = [&](const std::vector<std::string>& items) {
    return fmt::format("SELECT {} FROM {} LIMIT {}", join(items, ", "), table.name.to_sql(k_name_quote), rows);
  };
  std::vector<std::string> items;
  for (const InspectedColumn& column : table.columns) items.push_back(sql::quoted(column.name, k_name_quote));
  const std::vector<ServerColumn> columns = connection->describe(select(items));
  const std::vector<ColumnReader> readers = column_readers(columns, {});
  for (std::size_t i = 0; i < columns.size(); ++i) {
    items[i] = shown_column(table.columns[i].name, columns[i], readers[i].type);
  }
  return connection->rows(select(items));
}

}  // namespace spillway::drivers::mysql
