# Finds libseccomp, which comes without a CMake package. Defines Seccomp::seccomp.
find_path(Seccomp_INCLUDE_DIR seccomp.h)
find_library(Seccomp_LIBRARY seccomp)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  Seccomp REQUIRED_VARS Seccomp_LIBRARY Seccomp_INCLUDE_DIR REASON_FAILURE_MESSAGE "run ./dev setup, or install libseccomp-dev")
if(Seccomp_FOUND AND NOT TARGET Seccomp::seccomp)
  add_library(Seccomp::seccomp UNKNOWN IMPORTED)
  set_target_properties(Seccomp::seccomp PROPERTIES IMPORTED_LOCATION "${Seccomp_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                                                           "${Seccomp_INCLUDE_DIR}")
endif()
