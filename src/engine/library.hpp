#pragma once

#include <string>

namespace spillway::engine {

/// Opens DuckDB's shared library (libduckdb.so, found by the program's RPATH) and binds its C API. Called by
/// Database; may be called earlier, from any thread, to overlap the 13 ms with other work. Throws when the library is
/// missing or lacks functions of the header this program was built with.
void load_library();
bool is_library_loaded();
/// DuckDB's version, e.g. "v1.5.6"; loads the library.
std::string library_version();

}  // namespace spillway::engine
