#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace spillway::e2b {

/// Where the plugins of MariaDB's client are in a bundle.
inline constexpr auto k_bundle_plugins = "lib/libmariadb3/plugin/";

/// A file of a bundle: where it is there and here.
struct BundleFile {
  std::string name;  ///< "spillway", "lib/libc.so.6"
  std::filesystem::path path;
};

/// This program, the dynamic loader, and every library that either can need, also those that are loaded by name when
/// a step first needs them (which this loads). Sorted by name. Throws when one of them is not installed.
std::vector<BundleFile> bundle_files();

}  // namespace spillway::e2b
