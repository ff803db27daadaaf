# Finds libarchive as the others are found: CMake's own module says nothing of ./dev. Defines Archive::archive.
# The static one is preferred: of it only tar is linked, while the shared one brings libxml2 and ICU, 35 MB that every
# worker's bundle (src/e2b/bundle.hpp) would carry.
find_path(Archive_INCLUDE_DIR archive.h)
find_library(Archive_LIBRARY NAMES libarchive.a archive)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  Archive REQUIRED_VARS Archive_LIBRARY Archive_INCLUDE_DIR REASON_FAILURE_MESSAGE "run ./dev setup, or install libarchive-dev")
if(Archive_FOUND AND NOT TARGET Archive::archive)
  add_library(Archive::archive UNKNOWN IMPORTED)
  set_target_properties(Archive::archive PROPERTIES IMPORTED_LOCATION "${Archive_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                                                           "${Archive_INCLUDE_DIR}")
endif()
