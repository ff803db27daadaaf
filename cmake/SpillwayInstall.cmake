# Where programs find libduckdb.so, which they open by name at run time, and what `cmake --install` copies:
#   bin/spillway  lib/spillway/libduckdb.so  share/doc/spillway/
# A DT_RPATH and not a RUNPATH: the sanitizers' dlopen interceptor looks from its own library, which sees the former only.
add_link_options(-Wl,--disable-new-dtags)
get_filename_component(DuckDB_LIBRARY_DIR "${DuckDB_LIBRARY}" DIRECTORY)
set(CMAKE_BUILD_RPATH "${DuckDB_LIBRARY_DIR}")
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib/spillway")

# To be called once the program's target is defined.
function(spillway_install program)
  file(REAL_PATH "${DuckDB_LIBRARY}" library)
  install(TARGETS ${program} RUNTIME DESTINATION bin)
  install(PROGRAMS "${library}" DESTINATION lib/spillway RENAME libduckdb.so)
  install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" "${CMAKE_SOURCE_DIR}/README.md" DESTINATION share/doc/spillway)
  # Only the DuckDB that ./dev setup fetches has its license there.
  install(FILES "${DuckDB_LIBRARY_DIR}/../LICENSE" DESTINATION share/doc/spillway RENAME LICENSE.duckdb OPTIONAL)
endfunction()
