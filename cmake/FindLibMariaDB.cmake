# Finds the header of MariaDB's client library and defines the header-only target libmariadb_headers: the library itself is
# opened at run time, when a step first talks to a server (src/drivers/mysql/libmariadb.hpp).
find_path(LibMariaDB_INCLUDE_DIR mysql.h PATH_SUFFIXES mariadb)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibMariaDB REQUIRED_VARS LibMariaDB_INCLUDE_DIR
                                  REASON_FAILURE_MESSAGE "run ./dev setup")
if(LibMariaDB_FOUND AND NOT TARGET libmariadb_headers)
  add_library(libmariadb_headers INTERFACE IMPORTED)
  target_include_directories(libmariadb_headers SYSTEM INTERFACE "${LibMariaDB_INCLUDE_DIR}")
endif()
