#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/connection.hpp"
#include "engine/vector.hpp"

namespace spillway::engine {

/// A batch of result rows. Owns its memory.
class Chunk {
 public:
  Chunk(_duckdb_data_chunk* handle, const Schema& schema);
  Chunk(Chunk&& other) noexcept;
  Chunk& operator=(Chunk&&) = delete;
  ~Chunk();

  std::uint64_t row_count() const { return m_row_count; }
  const VectorView& column(std::size_t index) const { return m_columns[index]; }
  std::span<const VectorView> columns() const { return m_columns; }

 private:
  friend class ChunkWriter;
  _duckdb_data_chunk* m_handle;
  std::uint64_t m_row_count;
  std::vector<VectorView> m_columns;
};

/// Rows of a running statement, pulled one chunk at a time by one consumer. Must not outlive its Connection.
class ResultStream {
 public:
  ResultStream(ResultStream&&) noexcept;
  ResultStream& operator=(ResultStream&&) = delete;
  ~ResultStream();

  const Schema& schema() const;
  /// The next chunk, or nothing at the end. Throws when the statement fails or is cancelled. When one of the engine's
  /// threads fails just while this one waits for a chunk, the engine says that the statement was interrupted, and no
  /// more: then the reason comes from running it again (StatementControl::may_repeat), or an error says that it is
  /// lost.
  std::optional<Chunk> next();

 private:
  friend class Connection;
  struct State;
  explicit ResultStream(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace spillway::engine
