#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/type.hpp"
#include "engine/vector.hpp"
#include "util/error.hpp"

namespace spillway::engine {

/// One thread's way to a ChunkSource's rows.
class ChunkReader {
 public:
  virtual ~ChunkReader() = default;
  /// Fills `chunk` from row 0 and returns the number of rows; 0 ends this reader. May block, but then polls for
  /// cancellation. Throws Exception on failure.
  virtual std::uint64_t read(ChunkWriter& chunk) = 0;
};

/// Rows that a driver produces in C++ and the engine pulls: a table of known columns that can be read once.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  virtual const Schema& schema() const = 0;
  /// How many readers may work side by side, each with its own part of the rows. With 1, order is kept.
  virtual std::uint32_t max_readers() const { return 1; }
  virtual std::optional<std::uint64_t> row_estimate() const { return std::nullopt; }
  /// Why a second statement cannot read it.
  virtual Error read_again_error() const { return make_error(ErrorCode::internal, "a source can be read once"); }
  /// Called at most max_readers() times, from any thread.
  virtual std::unique_ptr<ChunkReader> open_reader() = 0;
};

/// The rows of a source, pulled without a statement by one reader.
class SourceRows {
 public:
  /// Opens a reader of the source, which must outlive this.
  explicit SourceRows(ChunkSource& source);
  SourceRows(const SourceRows&) = delete;
  SourceRows& operator=(const SourceRows&) = delete;
  ~SourceRows();

  /// How many rows columns() has now, until the next call; 0 at the end. Throws what the reader throws.
  std::uint64_t next();
  std::span<const VectorView> columns() const { return m_columns; }

 private:
  const Schema& m_schema;
  std::unique_ptr<ChunkReader> m_reader;
  _duckdb_data_chunk* m_chunk;  ///< which is filled again and again
  std::vector<VectorView> m_columns;
};

}  // namespace spillway::engine
