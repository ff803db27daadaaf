#include "engine/library.hpp"

#include <dlfcn.h>

#include <array>
#include <atomic>
#include <mutex>

#include <duckdb.h>
#include <fmt/format.h>

#include "util/error.hpp"

// Filled by load_library, jumped through by the generated duckdb_stubs.S.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): the assembly addresses it by name
extern "C" void* spillway_duckdb_table[];

namespace spillway::engine {
namespace {

constexpr const char* k_function_names[] = {
#include "duckdb_names.inc"
};

// A library is loaded once a process, so what guards that is the process's.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
std::mutex g_load_mutex;
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<bool> g_loaded{false};

}  // namespace

void load_library() {
  if (g_loaded) return;
  const std::scoped_lock lock(g_load_mutex);
  if (g_loaded) return;
  void* handle = ::dlopen("libduckdb.so", RTLD_LAZY | RTLD_LOCAL);
  if (handle == nullptr) {
    fail(ErrorCode::internal, fmt::format("cannot load the engine library: {}", ::dlerror()),
         "install libduckdb.so beside the program as 'cmake --install' does, or add its folder to LD_LIBRARY_PATH");
  }
  for (std::size_t i = 0; i < std::size(k_function_names); ++i) {
    spillway_duckdb_table[i] = ::dlsym(handle, k_function_names[i]);
    if (spillway_duckdb_table[i] == nullptr) {
      fail(ErrorCode::internal,
           fmt::format("the engine library libduckdb.so has no function '{}'", k_function_names[i]),
           "use the DuckDB version that this program was built with, 1.5 or later");
    }
  }
  g_loaded = true;
}

bool is_library_loaded() { return g_loaded; }

std::string library_version() {
  load_library();
  return duckdb_library_version();
}

}  // namespace spillway::engine
