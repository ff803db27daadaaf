#pragma once

#include <duckdb.h>

#include "engine/handles.hpp"
#include "engine/result.hpp"

/// Private to engine/: what a running statement holds.
namespace spillway::engine {

Schema schema_of(duckdb_prepared_statement statement);

struct ResultStream::State {
  PreparedHandle statement;
  PendingHandle pending;
  Schema schema;
  duckdb_result result{};
  bool has_result = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (has_result) duckdb_destroy_result(&result);
  }
};

}  // namespace spillway::engine
