# Finds the header of PostgreSQL's client library and defines the header-only target libpq_headers: the library itself is
# opened at run time, when a step first talks to a server (src/drivers/postgres/libpq.hpp).
find_path(LibPQ_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibPQ REQUIRED_VARS LibPQ_INCLUDE_DIR REASON_FAILURE_MESSAGE "run ./dev setup")
if(LibPQ_FOUND AND NOT TARGET libpq_headers)
  add_library(libpq_headers INTERFACE IMPORTED)
  target_include_directories(libpq_headers SYSTEM INTERFACE "${LibPQ_INCLUDE_DIR}")
endif()
