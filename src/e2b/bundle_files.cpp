#include "e2b/bundle_files.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/loaded_files.hpp"

namespace spillway::e2b {
namespace fs = std::filesystem;
namespace {

constexpr auto k_mariadb = "libmariadb.so.3";
/// What the engine, the drivers of databases and the HTTP client open by name.
constexpr std::array k_opened_libraries{"libduckdb.so", "libpq.so.5", k_mariadb, "libcurl.so.4"};

void* open_library(const char* name) {
  void* library = ::dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  if (library != nullptr) return library;
  fail(ErrorCode::sandbox, fmt::format("cannot pack the worker: cannot load {}: {}", name, ::dlerror()),
       "install it here: what runs in a sandbox is what this machine has");
}

/// With these MariaDB's client logs in to users of more than one kind.
std::vector<fs::path> mariadb_plugins(void* library) {
  Dl_info place{};
  std::vector<fs::path> plugins;
  if (::dladdr(::dlsym(library, "mysql_init"), &place) == 0) return plugins;
  std::error_code ignored;
  for (const auto& entry :
       fs::directory_iterator(fs::path(place.dli_fname).parent_path() / "libmariadb3" / "plugin", ignored)) {
    if (entry.path().extension() == ".so" && ::dlopen(entry.path().c_str(), RTLD_LAZY | RTLD_LOCAL) != nullptr) {
      plugins.push_back(entry.path());
    }
  }
  return plugins;
}

}  // namespace

std::vector<BundleFile> bundle_files() {
  std::map<std::string, fs::path> files{{"spillway", fs::read_symlink("/proc/self/exe")}};
  std::vector<fs::path> plugins;
  for (const char* name : k_opened_libraries) {
    void* library = open_library(name);
    if (name == k_mariadb) plugins = mariadb_plugins(library);
  }
  for (const fs::path& path : loaded_libraries()) {
    const bool is_plugin = std::ranges::find(plugins, path) != plugins.end();
    files[(is_plugin ? k_bundle_plugins : "lib/") + path.filename().string()] = fs::canonical(path);
  }
  std::vector<BundleFile> list;
  for (auto& [name, path] : files) list.push_back({name, path});
  return list;
}

}  // namespace spillway::e2b
