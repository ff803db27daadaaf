# spillway_test(NAME SOURCES ... DEPENDS ... LABELS ...): a GoogleTest executable whose cases are each a ctest with the
# given labels (ctest -L unit). SPILLWAY_SOURCE_DIR is defined in every test, for the data it reads.
include(GoogleTest)

function(_spillway_test_settings target)
  target_link_libraries(${target} PRIVATE spillway_options GTest::gtest_main nlohmann_json::nlohmann_json)
  target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_compile_definitions(${target} PRIVATE "SPILLWAY_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\"")
  # ccache caches what uses a precompiled header only when told that its defines and times may be trusted.
  if(CCACHE_PROGRAM)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
                                             "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
    set_target_properties(
      ${target} PROPERTIES CXX_COMPILER_LAUNCHER
                           "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${CCACHE_PROGRAM}")
  endif()
endfunction()

# GoogleTest and the JSON library are a third of a test's compile time: compiled once, reused by every test.
add_library(spillway_test_pch OBJECT "${CMAKE_SOURCE_DIR}/tests/support/pch.cpp")
_spillway_test_settings(spillway_test_pch)
target_precompile_headers(spillway_test_pch PRIVATE <gtest/gtest.h> <nlohmann/json.hpp>)

# With WHOLE the program is a single ctest: for what its cases share and should start only once, such as a server.
function(spillway_test name)
  cmake_parse_arguments(ARG "WHOLE" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  set(timeout 120)
  if(ARG_WHOLE)
    set(timeout 240)
  endif()
  if("long" IN_LIST ARG_LABELS)
    set(timeout 900) # for the long form
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS})
  _spillway_test_settings(${name})
  target_precompile_headers(${name} REUSE_FROM spillway_test_pch)
  if(ARG_WHOLE)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout} LABELS "${ARG_LABELS}")
    return()
  endif()
  gtest_discover_tests(
    ${name}
    DISCOVERY_MODE PRE_TEST
    TEST_LIST ${name}_cases
    PROPERTIES TIMEOUT ${timeout})
  # gtest_discover_tests cannot hand on a property that is a list, so the labels are set by a script that ctest reads
  # after the one that adds the cases.
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake")
  file(WRITE "${script}" "if(${name}_cases)
  set_tests_properties(\${${name}_cases} PROPERTIES LABELS \"${ARG_LABELS}\")
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
endfunction()
