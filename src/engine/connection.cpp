#include "engine/connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include <duckdb.h>
#include <fmt/format.h>

#include "engine/handles.hpp"
#include "engine/result.hpp"
#include "engine/sql.hpp"
#include "engine/statement.hpp"
#include "util/strings.hpp"

namespace spillway::engine {
namespace {

using namespace std::chrono_literals;

constexpr auto k_poll_interval = 20ms;
constexpr auto k_min_sleep = 20us;
constexpr auto k_max_sleep = 1000us;

PreparedHandle prepare(duckdb_connection connection, const std::string& sql) {
  PreparedHandle statement;
  if (duckdb_prepare(connection, sql.c_str(), statement.out()) != DuckDBSuccess) {
    fail(engine_error(duckdb_prepare_error(statement.get())));
  }
  return statement;
}

/// Watches one statement: cancellation and the caller's poll, at most every k_poll_interval.
class Watch {
 public:
  Watch(Connection& connection, const StatementControl& control) : m_connection(connection), m_control(control) {}

  bool has_nothing_to_do() const { return m_control.cancel == nullptr && !m_control.poll; }

  void check() {
    const auto now = std::chrono::steady_clock::now();
    if (now < m_next) return;
    m_next = now + k_poll_interval;
    const bool cancelled = m_control.cancel != nullptr && m_control.cancel->is_cancelled();
    if (cancelled || (m_control.poll && m_control.poll(m_connection.progress()))) m_connection.interrupt();
  }

 private:
  Connection& m_connection;
  const StatementControl& m_control;
  std::chrono::steady_clock::time_point m_next{};
};

/// Runs the tasks of a pending statement until its result is there. Sleeps when other threads have all tasks: waiting
/// inside the engine would burn this core while a source waits for the network. Sleeps no longer than a twentieth of
/// what the statement took so far, so that a quick one is not slowed down.
void drive(duckdb_pending_result pending, Watch& watch) {
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    const duckdb_pending_state state = duckdb_pending_execute_task(pending);
    if (state == DUCKDB_PENDING_ERROR) fail(engine_error(duckdb_pending_error(pending)));
    if (duckdb_pending_execution_is_finished(state)) return;
    watch.check();
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
      const auto elapsed =
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
      std::this_thread::sleep_for(std::clamp<std::chrono::microseconds>(elapsed / 20, k_min_sleep, k_max_sleep));
    }
  }
}

bool is_reading(duckdb_statement_type type) { return type == DUCKDB_STATEMENT_TYPE_SELECT; }

std::string cell_text(const VectorView& column, std::uint64_t row) {
  switch (column.type().id) {
    case TypeId::varchar:
    case TypeId::blob:
      return std::string(column.text(row));
    case TypeId::boolean:
      return column.get<bool>(row) ? "true" : "false";
    case TypeId::double_:
      return fmt::format("{}", column.get<double>(row));
    case TypeId::hugeint:
      return fmt::format("{}", column.integer(row));
    default:
      return fmt::format("{}", static_cast<std::int64_t>(column.integer(row)));
  }
}

/// What INSERT, COPY TO and CREATE TABLE AS return: one cell named Count. duckdb_rows_changed ignores the last of
/// them.
std::uint64_t counted_rows(duckdb_result& result) {
  if (duckdb_column_count(&result) != 1 || duckdb_column_type(&result, 0) != DUCKDB_TYPE_BIGINT) return 0;
  if (std::string_view(duckdb_column_name(&result, 0)) != "Count") return 0;
  const ChunkHandle chunk(duckdb_fetch_chunk(result));
  if (chunk.get() == nullptr || duckdb_data_chunk_get_size(chunk.get()) == 0) return 0;
  const void* cells = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk.get(), 0));
  return static_cast<std::uint64_t>(*static_cast<const std::int64_t*>(cells));
}

/// Table functions that do more than read: they change how the engine runs, write files of their own, or run SQL that
/// is a text in the query. The first of them even ends the process when it is refused a file.
constexpr std::array<std::string_view, 9> k_acting_functions{"enable_logging",
                                                             "disable_logging",
                                                             "truncate_duckdb_logs",
                                                             "enable_profiling",
                                                             "disable_profiling",
                                                             "checkpoint",
                                                             "force_checkpoint",
                                                             "query",
                                                             "json_execute_serialized_sql"};

/// Looks at the engine's own syntax tree of the query: a text in it cannot pretend to be a call, nor hide one.
Result<void> check_only_reads(Connection& connection, const std::string& sql) {
  const auto rows = connection.rows(fmt::format("SELECT json_serialize_sql({})", quote_literal(sql)));
  const std::string tree = to_lower(rows.at(0).at(0).value_or(""));
  for (const std::string_view function : k_acting_functions) {
    if (tree.find(fmt::format("\"function_name\":\"{}\"", function)) == std::string::npos) continue;
    return Failure(make_error(ErrorCode::access_denied,
                              fmt::format("the function '{}' does more than read", function),
                              "a step's SQL reads its inputs and returns rows, and nothing else"));
  }
  return {};
}

}  // namespace

Schema schema_of(duckdb_prepared_statement statement) {
  Schema schema;
  for (idx_t i = 0; i < duckdb_prepared_statement_column_count(statement); ++i) {
    const char* name = duckdb_prepared_statement_column_name(statement, i);
    const LogicalTypeHandle type(duckdb_prepared_statement_column_logical_type(statement, i));
    schema.push_back({name, type_from(type.get())});
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the text is ours, the C API only declares it const
    duckdb_free(const_cast<char*>(name));
  }
  return schema;
}

Connection::Connection(duckdb_connection handle) : m_handle(handle) {}

Connection::Connection(Connection&& other) noexcept : m_handle(std::exchange(other.m_handle, nullptr)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(m_handle, other.m_handle);
  return *this;
}

Connection::~Connection() {
  if (m_handle != nullptr) duckdb_disconnect(&m_handle);
}

std::uint64_t Connection::execute(const std::string& sql, const StatementControl& control) {
  const PreparedHandle statement = prepare(m_handle, sql);
  PendingHandle pending;
  if (duckdb_pending_prepared(statement.get(), pending.out()) != DuckDBSuccess) {
    fail(engine_error(duckdb_pending_error(pending.get())));
  }
  // Nobody watches the small statements of our own: the engine then runs them to their end by itself.
  if (Watch watch(*this, control); !watch.has_nothing_to_do()) drive(pending.get(), watch);
  duckdb_result result;
  const duckdb_state state = duckdb_execute_pending(pending.get(), &result);
  if (state != DuckDBSuccess) {
    Error error = engine_error(duckdb_result_error(&result));
    duckdb_destroy_result(&result);
    fail(std::move(error));
  }
  const std::uint64_t rows = counted_rows(result);
  duckdb_destroy_result(&result);
  return rows;
}

ResultStream Connection::stream(const std::string& sql, const StatementControl& control) {
  auto state = std::make_unique<ResultStream::State>(m_handle);
  state->cancel = control.cancel;
  state->may_repeat = control.may_repeat;
  state->statement = prepare(m_handle, sql);
  state->schema = schema_of(state->statement.get());
  if (duckdb_pending_prepared_streaming(state->statement.get(), state->pending.out()) != DuckDBSuccess) {
    fail(engine_error(duckdb_pending_error(state->pending.get())));
  }
  if (Watch watch(*this, control); !watch.has_nothing_to_do()) drive(state->pending.get(), watch);
  state->has_result = true;
  if (duckdb_execute_pending(state->pending.get(), &state->result) != DuckDBSuccess) {
    state->is_over = true;
    fail(engine_error(duckdb_result_error(&state->result)));
  }
  return ResultStream(std::move(state));
}

ResultStream Connection::collect(const std::string& sql) {
  auto state = std::make_unique<ResultStream::State>(m_handle);
  state->statement = prepare(m_handle, sql);
  state->schema = schema_of(state->statement.get());
  state->has_result = true;
  if (duckdb_execute_prepared(state->statement.get(), &state->result) != DuckDBSuccess) {
    state->is_over = true;
    fail(engine_error(duckdb_result_error(&state->result)));
  }
  return ResultStream(std::move(state));
}

std::vector<std::vector<std::optional<std::string>>> Connection::rows(const std::string& sql) {
  std::vector<std::vector<std::optional<std::string>>> rows;
  ResultStream result = collect(sql);
  while (const std::optional<Chunk> chunk = result.next()) {
    for (std::uint64_t row = 0; row < chunk->row_count(); ++row) {
      auto& cells = rows.emplace_back();
      for (std::size_t column = 0; column < result.schema().size(); ++column) {
        const VectorView& view = chunk->column(column);
        cells.push_back(view.is_null(row) ? std::nullopt : std::optional(cell_text(view, row)));
      }
    }
  }
  return rows;
}

std::uint64_t Connection::count(const std::string& sql) {
  ResultStream result = collect(sql);
  std::uint64_t count = 0;
  while (const std::optional<Chunk> chunk = result.next()) {
    if (!chunk->column(0).is_null(0)) count = static_cast<std::uint64_t>(chunk->column(0).integer(0));
  }
  return count;
}

Schema Connection::describe(const std::string& sql) { return schema_of(prepare(m_handle, sql).get()); }

Result<void> Connection::check_single_select(const std::string& sql) {
  ExtractedHandle statements;
  const idx_t count = duckdb_extract_statements(m_handle, sql.c_str(), statements.out());
  if (count == 0) {
    const char* reason = duckdb_extract_statements_error(statements.get());
    if (reason != nullptr) return Failure(engine_error(reason));
    return Failure(make_error(ErrorCode::sql, "the text holds no SQL statement"));
  }
  if (count > 1) {
    return Failure(make_error(ErrorCode::sql,
                              fmt::format("the text holds {} statements; one SELECT is allowed", count),
                              "write one SELECT; a PIVOT must name its values: ON column IN ('a', 'b')"));
  }
  PreparedHandle statement;
  if (duckdb_prepare_extracted_statement(m_handle, statements.get(), 0, statement.out()) != DuckDBSuccess) {
    return Failure(engine_error(duckdb_prepare_error(statement.get())));
  }
  if (!is_reading(duckdb_prepared_statement_type(statement.get()))) {
    return Failure(make_error(ErrorCode::sql, "the statement is no SELECT",
                              "a step's SQL reads its inputs and returns rows; writing is done by writer steps"));
  }
  return check_only_reads(*this, sql);
}

void Connection::interrupt() { duckdb_interrupt(m_handle); }

Progress Connection::progress() const {
  const duckdb_query_progress_type progress = duckdb_query_progress(m_handle);
  return {progress.percentage, progress.rows_processed};
}

}  // namespace spillway::engine
