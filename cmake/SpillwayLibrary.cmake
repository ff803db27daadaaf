# spillway_library(NAME SOURCES ... DEPENDS ...): one folder of src/ as a static library that links, and so may
# include, only the folders and packages named in DEPENDS. tests/unit/layering_test.cpp checks the includes.
function(spillway_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  add_library(spillway_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(spillway_${name} PUBLIC spillway_options ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE})
endfunction()
