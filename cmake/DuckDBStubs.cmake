# Writes a lazily loaded import library for DuckDB: one jump a function of duckdb.h, through a table that
# engine::load_library() fills from the shared library when the first step runs. A program that never runs a step
# (validate, compile, help) so never pays for loading it: 13 ms and 40,000 relocations.
function(spillway_duckdb_stubs out_asm out_names)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(jump "  endbr64\n  jmp *spillway_duckdb_table+@OFFSET@(%rip)\n")
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(jump
        "  adrp x16, spillway_duckdb_table+@OFFSET@\n  ldr x16, [x16, :lo12:spillway_duckdb_table+@OFFSET@]\n  br x16\n")
  else()
    message(FATAL_ERROR "no DuckDB stubs for processor ${CMAKE_SYSTEM_PROCESSOR}: add the jump to cmake/DuckDBStubs.cmake")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${DuckDB_INCLUDE_DIR}/duckdb.h")
  file(STRINGS "${DuckDB_INCLUDE_DIR}/duckdb.h" declarations REGEX "^DUCKDB_C_API")
  # Exported by the library since 1.5 and missing in the header of 1.4.
  set(names duckdb_unsafe_vector_assign_string_element_len)
  foreach(declaration IN LISTS declarations)
    if(declaration MATCHES "[ *](duckdb_[a-z0-9_]+)\\(")
      list(APPEND names "${CMAKE_MATCH_1}")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES names)

  set(asm ".text\n")
  set(table "")
  set(offset 0)
  foreach(name IN LISTS names)
    string(REPLACE "@OFFSET@" "${offset}" body "${jump}")
    string(APPEND asm ".globl ${name}\n.hidden ${name}\n.type ${name},%function\n${name}:\n${body}")
    string(APPEND table "\"${name}\",\n")
    math(EXPR offset "${offset} + 8")
  endforeach()
  string(APPEND asm ".bss\n.balign 8\n.globl spillway_duckdb_table\n.hidden spillway_duckdb_table\n"
                    "spillway_duckdb_table:\n  .skip ${offset}\n.section .note.GNU-stack,\"\",%progbits\n")
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/duckdb_stubs.S" CONTENT "${asm}" @ONLY)
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/duckdb_names.inc" CONTENT "${table}" @ONLY)
  set(${out_asm} "${CMAKE_CURRENT_BINARY_DIR}/duckdb_stubs.S" PARENT_SCOPE)
  set(${out_names} "${CMAKE_CURRENT_BINARY_DIR}" PARENT_SCOPE)
endfunction()
