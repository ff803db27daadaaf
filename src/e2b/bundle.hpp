#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::e2b {

/// One of the archives that a bundle is.
struct BundlePart {
  std::filesystem::path file;  ///< here, a .tar.gz
  std::uint64_t bytes = 0;
};

/// This program and exactly the libraries that it needs, the dynamic loader and libc included: it runs on any Linux
/// of this processor, whatever its glibc. Known by what is in it.
struct Bundle {
  std::string hash;
  std::vector<BundlePart> parts;  ///< of about the same size, to be sent and unpacked at the same time
};

/// Where bundles are kept: $XDG_CACHE_HOME/spillway, else ~/.cache/spillway.
std::filesystem::path bundle_cache();
/// Of this program as it is installed; made when `cache` does not have it yet. Throws.
Bundle make_bundle(const std::filesystem::path& cache);
/// Its files, not packed: `folder`/spillway and `folder`/lib.
void unpack_bundle_to(const std::filesystem::path& folder);

/// What starts the program in a sandbox, with its arguments, from where the sandbox has the bundle:
/// /opt/spillway/<hash> of a template, or ~/.spillway/<hash>. Its first line on the standard output is
/// k_bundle_is_here, and what follows is the program's; or k_bundle_is_missing: then every part has to be uploaded to
/// bundle_part_path, in any order, and as soon as it is there its bundle_part_line written to the standard input
/// (lines that come twice do no harm). When the last is unpacked the program starts. Exits with k_bundle_exit_code
/// when the bundle cannot be unpacked; the standard error says why.
std::vector<std::string> bundle_command(const Bundle& bundle, const std::vector<std::string>& arguments);
inline constexpr std::string_view k_bundle_is_here = "spillway-bundle here";
inline constexpr std::string_view k_bundle_is_missing = "spillway-bundle missing";
inline constexpr int k_bundle_exit_code = 97;
/// Below the user's home; `part` counts from 0.
std::string bundle_part_path(const Bundle& bundle, std::size_t part);
/// With its newline.
std::string bundle_part_line(std::size_t part);

}  // namespace spillway::e2b
