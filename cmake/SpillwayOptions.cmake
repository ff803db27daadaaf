# Compiler, linker and sanitizer settings that every target shares.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_library(spillway_options INTERFACE)
target_compile_options(
  spillway_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
                             -Woverloaded-virtual -Wimplicit-fallthrough -Wdeprecated-copy-dtor
                             $<$<BOOL:${SPILLWAY_WERROR}>:-Werror>)
target_include_directories(spillway_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_UNITY_BUILD)
  # To clang a name shadows that of another file, which only a unity build puts before it.
  target_compile_options(spillway_options INTERFACE -Wno-shadow)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND (NOT CMAKE_BUILD_TYPE STREQUAL "Debug" OR SPILLWAY_SANITIZE))
  # Seen through the optimizer, g++ 12 finds these in std::string and the JSON library, where they are not.
  target_compile_options(spillway_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(SPILLWAY_SANITIZE)
  # For util/sanitizer.hpp, as each compiler has a way of its own to ask for it.
  add_compile_definitions(SPILLWAY_SANITIZED)
  add_compile_options(-fsanitize=${SPILLWAY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${SPILLWAY_SANITIZE})
  if(SPILLWAY_SANITIZE MATCHES "undefined")
    # What the checks are told of their places holds some two million addresses: a program that may be loaded anywhere
    # relocates them at each of its starts, and the tests start it thousands of times.
    add_compile_options(-fno-pie)
    add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>)
  endif()
endif()
