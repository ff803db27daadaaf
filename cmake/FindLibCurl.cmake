# Finds the header of libcurl and defines the header-only target libcurl_headers: the library itself is opened at run
# time, when this program first talks HTTP (src/util/http/libcurl.hpp).
find_path(LibCurl_INCLUDE_DIR curl/curl.h)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibCurl REQUIRED_VARS LibCurl_INCLUDE_DIR REASON_FAILURE_MESSAGE "run ./dev setup")
if(LibCurl_FOUND AND NOT TARGET libcurl_headers)
  add_library(libcurl_headers INTERFACE IMPORTED)
  target_include_directories(libcurl_headers SYSTEM INTERFACE "${LibCurl_INCLUDE_DIR}")
endif()
