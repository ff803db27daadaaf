#pragma once

#include <optional>

#include <duckdb.h>

#include "engine/handles.hpp"
#include "engine/result.hpp"
#include "util/cancel.hpp"
#include "util/error.hpp"

/// Private to engine/: what a running statement holds.
namespace spillway::engine {

Schema schema_of(duckdb_prepared_statement statement);

struct ResultStream::State {
  duckdb_connection connection = nullptr;  ///< outlives the stream
  const CancelToken* cancel = nullptr;
  bool may_repeat = false;
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

  /// The result's error. Where the engine has lost the reason, that of the same statement run again, if it may be.
  Error with_reason(std::optional<Error> error);

 private:
  bool is_cancelled() const { return cancel != nullptr && cancel->is_cancelled(); }
  /// Nobody cancelled the statement, and yet it says that it was interrupted.
  bool is_reason_lost(const Error& error) const;
  std::optional<Error> failure_of_repetition();
  /// The engine's threads would go on with the statement until the connection ends, and beyond: one that ends while
  /// an exception is on its way (~ClientContext) does not wait for them, and they crash. When the error of an
  /// interrupted statement has come, it has ended for all of them.
  void end() const {
    duckdb_interrupt(connection);
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result)) duckdb_destroy_data_chunk(&chunk);
  }
};

}  // namespace spillway::engine
