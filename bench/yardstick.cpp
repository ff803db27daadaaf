// What a pipeline is measured against: runs SQL statements one after another on the same DuckDB library, through its
// C API and nothing else. usage: spillway_yardstick STATEMENT...
#include <cstdio>

#include <duckdb.h>

#include "engine/library.hpp"

namespace {

int run(int count, char** statements) {
  spillway::engine::load_library();
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  if (duckdb_open(nullptr, &database) != DuckDBSuccess || duckdb_connect(database, &connection) != DuckDBSuccess) {
    return 1;
  }
  for (int i = 0; i < count; ++i) {
    duckdb_result result;
    if (duckdb_query(connection, statements[i], &result) != DuckDBSuccess) {
      std::fprintf(stderr, "%s\n%s\n", statements[i], duckdb_result_error(&result));
      return 1;
    }
    duckdb_destroy_result(&result);
  }
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run(argc - 1, argv + 1); }
