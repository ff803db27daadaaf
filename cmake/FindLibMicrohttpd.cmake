# Finds the header of GNU libmicrohttpd and defines the header-only target libmicrohttpd_headers: the library itself is
# opened at run time, when a server starts (src/sandboxd/libmicrohttpd.hpp).
find_path(LibMicrohttpd_INCLUDE_DIR microhttpd.h)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibMicrohttpd REQUIRED_VARS LibMicrohttpd_INCLUDE_DIR
                                  REASON_FAILURE_MESSAGE "run ./dev setup")
if(LibMicrohttpd_FOUND AND NOT TARGET libmicrohttpd_headers)
  add_library(libmicrohttpd_headers INTERFACE IMPORTED)
  target_include_directories(libmicrohttpd_headers SYSTEM INTERFACE "${LibMicrohttpd_INCLUDE_DIR}")
endif()
