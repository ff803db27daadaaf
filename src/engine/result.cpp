#include "engine/result.hpp"

#include <utility>

#include "engine/statement.hpp"

namespace spillway::engine {
namespace {

/// About one failure in a hundred of a statement that one thread runs loses its reason.
constexpr int k_max_repetitions = 5;

std::optional<Error> error_of(duckdb_result& result) {
  const char* message = duckdb_result_error(&result);
  if (message == nullptr || *message == '\0') return std::nullopt;
  return engine_error(message);
}

}  // namespace

Chunk::Chunk(duckdb_data_chunk handle, const Schema& schema)
    : m_handle(handle), m_row_count(duckdb_data_chunk_get_size(handle)) {
  m_columns.reserve(schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    m_columns.emplace_back(duckdb_data_chunk_get_vector(handle, i), schema[i].type);
  }
}

Chunk::Chunk(Chunk&& other) noexcept
    : m_handle(std::exchange(other.m_handle, nullptr)),
      m_row_count(other.m_row_count),
      m_columns(std::move(other.m_columns)) {}

Chunk::~Chunk() {
  if (m_handle != nullptr) duckdb_destroy_data_chunk(&m_handle);
}

ResultStream::ResultStream(std::unique_ptr<State> state) : m_state(std::move(state)) {}
ResultStream::ResultStream(ResultStream&&) noexcept = default;
ResultStream::~ResultStream() = default;

const Schema& ResultStream::schema() const { return m_state->schema; }

std::optional<Chunk> ResultStream::next() {
  duckdb_data_chunk handle = duckdb_fetch_chunk(m_state->result);
  if (handle != nullptr) return Chunk(handle, m_state->schema);
  m_state->is_over = true;
  // No chunk means the end or a failure; only the result tells which.
  if (const std::optional<Error> error = error_of(m_state->result)) fail(m_state->with_reason(*error));
  return std::nullopt;
}

bool ResultStream::State::is_reason_lost(const Error& error) const {
  return error.code == ErrorCode::cancelled && !is_cancelled();
}

Error ResultStream::State::with_reason(std::optional<Error> error) {
  for (int i = 0; may_repeat && i < k_max_repetitions && error && is_reason_lost(*error); ++i) {
    error = failure_of_repetition();
  }
  if (error && !is_reason_lost(*error)) return *std::move(error);
  return make_error(ErrorCode::sql, "the statement failed, and the engine lost the reason",
                    "run it again; without materialize: stream no reason is lost");
}

std::optional<Error> ResultStream::State::failure_of_repetition() {
  PendingHandle again;
  if (duckdb_pending_prepared_streaming(statement.get(), again.out()) != DuckDBSuccess) {
    return engine_error(duckdb_pending_error(again.get()));
  }
  duckdb_result rows;
  if (duckdb_execute_pending(again.get(), &rows) == DuckDBSuccess) {
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(rows)) {
      duckdb_destroy_data_chunk(&chunk);
      // Who cancels interrupts once, perhaps before this statement began.
      if (is_cancelled()) duckdb_interrupt(connection);
    }
  }
  std::optional<Error> error = error_of(rows);
  duckdb_destroy_result(&rows);
  return error;
}

}  // namespace spillway::engine
