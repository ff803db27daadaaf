#include "drivers/mysql/extractor.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "drivers/mysql/column_type.hpp"
#include "drivers/mysql/part.hpp"
#include "drivers/mysql/partition.hpp"
#include "drivers/mysql/session.hpp"
#include "drivers/sql/row_source.hpp"
#include "drivers/sql/select_query.hpp"
#include "drivers/sql/table_read.hpp"

namespace spillway::drivers::mysql {
namespace {

using Connections = std::vector<std::unique_ptr<ServerConnection>>;

std::unique_ptr<ServerConnection> connect_to_read(const StepContext& context) {
  std::unique_ptr<ServerConnection> connection = connect(context);
  const auto seconds = context.config.at("statement_timeout").get<std::uint64_t>();
  connection->execute(connection->is_mariadb() ? fmt::format("SET SESSION max_statement_time = {}", seconds)
                                               : fmt::format("SET SESSION max_execution_time = {}", seconds * 1000));
  connection->execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  return connection;
}

void begin(ServerConnection& connection) {
  connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

/// Nobody writes while the snapshots are taken, so that they are one: of the table alone where it is known.
void lock_writers(const Json& config, ServerConnection& connection) {
  const bool is_table = config.contains("table");
  const std::string lock =
      is_table
          ? fmt::format(
                "LOCK TABLES {} READ",
                value_or_throw(sql::parse_table_name(config.at("table").get<std::string>())).to_sql(k_name_quote))
          : "FLUSH TABLES WITH READ LOCK";
  try {
    connection.execute("SET SESSION lock_wait_timeout = 60");
    connection.execute(lock);
  } catch (const Exception& exception) {
    Error error = exception.error();
    if (error.code == ErrorCode::cancelled) throw;
    error.message = "cannot hold off writers while the parts' snapshots are taken: " + error.message;
    if (!error.retryable) {
      error.hint = fmt::format("grant {} to the connection's user, or read without partition",
                               is_table ? "LOCK TABLES" : "RELOAD");
    }
    fail(std::move(error));
  }
}

/// Connections inside one snapshot, each with its statement started.
Connections open(const StepContext& context, const std::string& base) {
  const Json& config = context.config;
  std::unique_ptr<ServerConnection> first = connect_to_read(context);
  Connections parts;
  try {
    if (!config.contains("partition")) {
      begin(*first);
      first->start_rows(base, config.value("params", Json::array()));
      parts.push_back(std::move(first));
      return parts;
    }
    const std::vector<std::string> queries = partition_queries(config, base, *first);
    for (std::size_t i = 0; i < queries.size(); ++i) parts.push_back(connect_to_read(context));
    if (queries.size() > 1) lock_writers(config, *first);
    for (const auto& part : parts) begin(*part);
    first->execute("UNLOCK TABLES");
    for (std::size_t i = 0; i < queries.size(); ++i) parts[i]->start_rows(queries[i], Json::array());
    return parts;
  } catch (const Exception& exception) {
    if (!config.contains("table") || first == nullptr) throw;
    const auto table = value_or_throw(sql::parse_table_name(config.at("table").get<std::string>()));
    fail(with_table_suggestion(exception.error(), table, *first));
  }
}

}  // namespace

StepResult Extractor::run(StepContext& context) const {
  const std::string what = sql::what_is_read(context.config);
  return sql::read_table(context, [&] {
    Connections connections = open(context, sql::select_query(context.config, k_name_quote));
    std::vector<ColumnReader> columns = column_readers(connections.front()->columns(), read_policy(context.config));
    std::vector<Part> parts;
    for (auto& connection : connections) parts.push_back({std::move(connection)});
    return std::make_shared<sql::RowSource<Part, ColumnReader>>(std::move(parts), std::move(columns), what);
  });
}

}  // namespace spillway::drivers::mysql
