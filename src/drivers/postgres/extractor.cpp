#include "drivers/postgres/extractor.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "drivers/postgres/column_type.hpp"
#include "drivers/postgres/part.hpp"
#include "drivers/postgres/partition.hpp"
#include "drivers/postgres/query.hpp"
#include "drivers/postgres/session.hpp"
#include "drivers/sql/row_source.hpp"
#include "drivers/sql/select_query.hpp"
#include "drivers/sql/table_read.hpp"
#include "engine/sql.hpp"

namespace spillway::drivers::postgres {
namespace {

/// Connected and inside a transaction that only reads, with what the rows look like.
struct Opened {
  std::unique_ptr<ServerConnection> connection;
  std::string base;
  std::vector<ServerColumn> server_columns;
  std::vector<ColumnReader> columns;
};

std::unique_ptr<ServerConnection> begin_reading(const StepContext& context) {
  std::unique_ptr<ServerConnection> connection = connect(context);
  begin(*connection, context, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        {"synchronize_seqscans = off", "idle_in_transaction_session_timeout = 0",
         fmt::format("statement_timeout = {}", context.config.at("statement_timeout").get<std::uint64_t>() * 1000)});
  return connection;
}

Opened open(const StepContext& context) {
  Opened opened;
  opened.base = sql::select_query(context.config, k_name_quote);
  opened.connection = begin_reading(context);
  opened.server_columns = opened.connection->describe(opened.base);
  if (opened.server_columns.empty()) fail(ErrorCode::invalid_config, "the statement returns no columns");
  opened.columns = column_readers(opened.server_columns,
                                  numeric_policy(context.config.at("unbounded_numeric").get<std::string>(),
                                                 context.config.at("special_numeric") == "null"),
                                  *opened.connection);
  return opened;
}

/// The first part goes on with the connection that looked; the others join its snapshot.
std::vector<Part> parts_of(const StepContext& context, Opened& opened) {
  std::vector<std::string> queries =
      partition_queries(context.config, opened.base, opened.server_columns, opened.columns, *opened.connection);
  const TextRow parameters = bound_parameters(context.config);
  const bool is_copied = parameters.empty() && is_copyable(opened.base);
  if (!is_copyable(opened.base) && queries.front() != opened.base) {
    fail(ErrorCode::unsupported, "the statement returns types that are read as text, and cannot be cast",
         "read a SELECT instead");
  }
  std::string snapshot;
  if (queries.size() > 1) snapshot = opened.connection->text("SELECT pg_export_snapshot()");
  std::vector<Part> parts;
  parts.push_back({std::move(opened.connection), std::move(queries.front()), is_copied, parameters});
  for (std::size_t i = 1; i < queries.size(); ++i) {
    std::unique_ptr<ServerConnection> connection = begin_reading(context);
    connection->execute("SET TRANSACTION SNAPSHOT " + engine::quote_literal(snapshot));
    parts.push_back({std::move(connection), std::move(queries[i]), is_copied, parameters});
  }
  return parts;
}

}  // namespace

StepResult Extractor::run(StepContext& context) const {
  const std::string what = sql::what_is_read(context.config);
  return sql::read_table(context, [&] {
    Opened opened = open(context);
    if (opened.connection->parameter("server_encoding") == "SQL_ASCII") check_texts(opened.columns);
    std::vector<Part> parts = parts_of(context, opened);
    return std::make_shared<sql::RowSource<Part, ColumnReader>>(std::move(parts), std::move(opened.columns), what);
  });
}

}  // namespace spillway::drivers::postgres
