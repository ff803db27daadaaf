#pragma once

#include <duckdb.h>

#include "engine/handles.hpp"
#include "engine/result.hpp"

/// Private to engine/: what a running statement holds.
namespace spillway::engine {

Schema schema_of(duckdb_prepared_statement statement);

struct ResultStream::State {
  duckdb_connection connection = nullptr;  ///< outlives the stream
  PreparedHandle statement;
  PendingHandle pending;
  Schema schema;
  duckdb_result result{};
  bool has_result = false;
  bool is_over = false;  ///< the result has been read to its end or failed

  explicit State(duckdb_connection on) : connection(on) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (!has_result) return;
    if (!is_over) end();
    duckdb_destroy_result(&result);
  }

 private:
  /// The engine's threads would go on with the statement until the connection ends, and beyond: one that ends while
  /// an exception is on its way (~ClientContext) does not wait for them, and they crash. When the error of an
  /// interrupted statement has come, it has ended for all of them.
  void end() const {
    duckdb_interrupt(connection);
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result)) duckdb_destroy_data_chunk(&chunk);
  }
};

}  // namespace spillway::engine
