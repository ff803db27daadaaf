# Finds DuckDB's C header and shared library: in -DDuckDB_ROOT=, else where `./dev setup` puts them.
# Defines DuckDB_INCLUDE_DIR, DuckDB_LIBRARY and the header-only target DuckDB::headers: the library itself is
# opened at run time, when the first step runs (src/engine/library.hpp).
find_path(DuckDB_INCLUDE_DIR duckdb.h HINTS "${DuckDB_ROOT}" "${CMAKE_SOURCE_DIR}/.deps/duckdb" PATH_SUFFIXES include)
find_library(DuckDB_LIBRARY duckdb HINTS "${DuckDB_ROOT}" "${CMAKE_SOURCE_DIR}/.deps/duckdb" PATH_SUFFIXES lib)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  DuckDB REQUIRED_VARS DuckDB_LIBRARY DuckDB_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "run ./dev setup, or name an installed DuckDB with -DDuckDB_ROOT=")
if(DuckDB_FOUND AND NOT TARGET DuckDB::headers)
  add_library(DuckDB::headers INTERFACE IMPORTED)
  target_include_directories(DuckDB::headers SYSTEM INTERFACE "${DuckDB_INCLUDE_DIR}")
endif()
