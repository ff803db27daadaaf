#pragma once

#include <cstdint>
#include <memory>
#include <optional>

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

}  // namespace spillway::engine
