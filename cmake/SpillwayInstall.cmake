# Where programs find libduckdb.so, which they open by name at run time, and what `cmake --install` copies:
#   bin/spillway  lib/spillway/libduckdb.so  share/doc/spillway/
# A DT_RPATH and not a RUNPATH: the sanitizers' dlopen interceptor looks from its own library, which sees the former only.
add_link_options(-Wl,--disable-new-dtags)
get_filename_component(DuckDB_LIBRARY_DIR "${DuckDB_LIBRARY}" DIRECTORY)
set(CMAKE_BUILD_RPATH "${DuckDB_LIBRARY_DIR}")

# The RPATH of a program that is installed. CMake ends the build tree's with a ':' when it is to be replaced on installing,
# and what stands behind that, nothing, means the current directory: whoever runs the program would load libraries from
# the folder they happen to be in. So it is set and replaced here. The new one is written over the old one, which is
# therefore repeated until it is long enough.
function(_spillway_rpath program)
  set(installed "$ORIGIN/../lib/spillway")
  string(LENGTH "${installed}" needed)
  set(built "${DuckDB_LIBRARY_DIR}")
  string(LENGTH "${built}" length)
  while(length LESS needed)
    string(APPEND built ":${DuckDB_LIBRARY_DIR}")
    string(LENGTH "${built}" length)
  endwhile()
  set_target_properties(${program} PROPERTIES SKIP_BUILD_RPATH ON)
  target_link_options(${program} PRIVATE "-Wl,-rpath,${built}")
  install(CODE "file(RPATH_CHANGE FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/${program}\"
     OLD_RPATH \"${built}\" NEW_RPATH \"\\${installed}\")")
endfunction()

# To be called once the program's target is defined.
function(spillway_install program)
  file(REAL_PATH "${DuckDB_LIBRARY}" library)
  install(TARGETS ${program} RUNTIME DESTINATION bin)
  _spillway_rpath(${program})
  install(PROGRAMS "${library}" DESTINATION lib/spillway RENAME libduckdb.so)
  install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" "${CMAKE_SOURCE_DIR}/README.md" DESTINATION share/doc/spillway)
  # Only the DuckDB that ./dev setup fetches has its license there.
  install(FILES "${DuckDB_LIBRARY_DIR}/../LICENSE" DESTINATION share/doc/spillway RENAME LICENSE.duckdb OPTIONAL)
endfunction()
