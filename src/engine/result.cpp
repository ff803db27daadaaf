#include "engine/result.hpp"

#include <utility>

#include "engine/statement.hpp"

namespace spillway::engine {

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
  if (const char* error = duckdb_result_error(&m_state->result); error != nullptr && *error != '\0') {
    fail(engine_error(error));
  }
  return std::nullopt;
}

}  // namespace spillway::engine
