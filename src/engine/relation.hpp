#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/source.hpp"
#include "util/error.hpp"

namespace spillway::engine {

class Connection;

/// What an extractor or a processor returns: rows that can be read once. Either SQL text (one SELECT, run on the
/// step's connection) or a ChunkSource. It holds no rows; the frame cache decides where they go.
struct Relation {
  std::string sql;
  std::shared_ptr<ChunkSource> source;
  /// Whether the rows are gone once they were read: always so of a source, and of SQL that reads one.
  bool reads_once = false;
  /// Called after the rows went to the frame, on the same connection: for what is known only then (skipped rows).
  std::function<void(Connection&, std::uint64_t rows)> after;
  /// Turns an error of the statement that reads the rows into one that the user understands: whoever runs `sql`
  /// applies it, when set, to what the engine threw. It may query the same connection, whose statement is over then.
  std::function<Error(Connection&, Error)> explain;
};

}  // namespace spillway::engine
