#include "e2b/bundle.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "e2b/bundle_files.hpp"
#include "util/error.hpp"
#include "util/file.hpp"
#include "util/gzip.hpp"
#include "util/sha256.hpp"
#include "util/strings.hpp"
#include "util/tar.hpp"

namespace spillway::e2b {
namespace fs = std::filesystem;
namespace {

using nlohmann::ordered_json;

/// Of what is in an archive and how the files are named: another number makes other bundles.
constexpr std::string_view k_layout = "spillway bundle 1\n";
constexpr std::size_t k_hash_digits = 32;
constexpr std::size_t k_index_digits = 16;
constexpr std::size_t k_parts = 2;
constexpr std::uint64_t k_most_index_bytes = std::uint64_t{1} << 20;
constexpr auto k_program_mode = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                                fs::perms::others_read | fs::perms::others_exec;

/// Says whether a file is still the one that was packed.
ordered_json stamp_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return nullptr;
  return {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino};
}

/// Of a folder's own program there is one index, so that a rebuild of it replaces its bundle.
fs::path index_path(const fs::path& cache) {
  const std::string program = fs::read_symlink("/proc/self/exe").string();
  return cache / fmt::format("bundle-{}.json", sha256_hex(program).substr(0, k_index_digits));
}

fs::path part_path(const fs::path& cache, const std::string& hash, std::size_t part) {
  return cache / fmt::format("bundle-{}.{}.tar.gz", hash, part);
}

ordered_json read_index(const fs::path& path) {
  const Result<std::string> text = read_file(path, k_most_index_bytes);
  ordered_json index = text ? ordered_json::parse(*text, nullptr, /*allow_exceptions=*/false) : ordered_json();
  return index.is_object() ? index : ordered_json::object();
}

/// The bundle that an index tells of, if it is there and its files have not changed.
std::optional<Bundle> known_bundle(const fs::path& cache, const ordered_json& index) {
  try {
    for (const auto& [path, stamp] : index.at("files").items()) {
      if (stamp.is_null() || stamp_of(path) != stamp) return std::nullopt;
    }
    Bundle bundle{index.at("hash").get<std::string>(), {}};
    for (const ordered_json& bytes : index.at("parts")) {
      const fs::path file = part_path(cache, bundle.hash, bundle.parts.size());
      bundle.parts.push_back({file, bytes.get<std::uint64_t>()});
      if (std::error_code status; fs::file_size(file, status) != bundle.parts.back().bytes) return std::nullopt;
    }
    if (bundle.parts.size() != k_parts) return std::nullopt;
    return bundle;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

/// The files, divided so that the parts have about the same size.
std::array<std::vector<std::pair<std::string, std::string>>, k_parts> divided(
    std::vector<std::pair<std::string, std::string>> files) {
  std::ranges::stable_sort(files, std::ranges::greater(), [](const auto& file) { return file.second.size(); });
  std::array<std::vector<std::pair<std::string, std::string>>, k_parts> parts;
  std::array<std::size_t, k_parts> sizes{};
  for (auto& file : files) {
    const auto smallest = static_cast<std::size_t>(std::ranges::min_element(sizes) - sizes.begin());
    sizes[smallest] += file.second.size();
    parts[smallest].push_back(std::move(file));
  }
  return parts;
}

std::string archive_of(const std::vector<std::pair<std::string, std::string>>& files) {
  TarWriter tar;
  for (const auto& [name, bytes] : files) {
    tar.begin_file(name, bytes.size(), TarPermission::program);
    tar.append(bytes);
  }
  tar.finish();
  return gzip(tar.take(), GzipEffort::usual);
}

std::string loader_of(const std::vector<BundleFile>& files) {
  const auto found =
      std::ranges::find_if(files, [](const BundleFile& file) { return file.name.starts_with("lib/ld-"); });
  if (found == files.end()) {
    fail(ErrorCode::sandbox, "cannot pack the worker: this program has no dynamic loader",
         "use a program that was built with glibc");
  }
  return found->name;
}

/// What a sandbox calls the loader, which has another name on each processor.
constexpr auto k_loader = "lib/loader";

}  // namespace

fs::path bundle_cache() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && fs::path(cache).is_absolute()) {
    return fs::path(cache) / "spillway";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && fs::path(home).is_absolute()) {
    return fs::path(home) / ".cache" / "spillway";
  }
  return fs::temp_directory_path() / fmt::format("spillway-cache-{}", ::getuid());
}

Bundle make_bundle(const fs::path& cache) {
  const fs::path index_file = index_path(cache);
  const ordered_json old = read_index(index_file);
  if (const std::optional<Bundle> known = known_bundle(cache, old)) return *known;

  const std::vector<BundleFile> files = bundle_files();
  const std::string loader = loader_of(files);
  ordered_json index{{"files", ordered_json::object()}};
  Sha256 hash;
  hash.append(k_layout);
  std::vector<std::pair<std::string, std::string>> contents;
  for (const BundleFile& file : files) {
    index["files"][file.path.string()] = stamp_of(file.path);
    std::string bytes = value_or_throw(read_file(file.path));
    const std::string name = file.name == loader ? k_loader : file.name;
    hash.append(fmt::format("{} {}\n", name, sha256_hex(bytes)));
    contents.emplace_back(name, std::move(bytes));
  }
  Bundle bundle{hash.hex().substr(0, k_hash_digits), {}};
  spillway::create_directories(cache);
  index["hash"] = bundle.hash;
  index["parts"] = ordered_json::array();
  for (const auto& part : divided(std::move(contents))) {
    const std::string archive = archive_of(part);
    bundle.parts.push_back({part_path(cache, bundle.hash, bundle.parts.size()), archive.size()});
    write_file_atomically(bundle.parts.back().file, archive, Durability::process);
    index["parts"].push_back(archive.size());
  }
  write_file_atomically(index_file, index.dump(2) + "\n", Durability::process);
  // The one before it is of a program that is no more.
  if (const std::string last = old.value("hash", bundle.hash); last != bundle.hash) {
    for (std::size_t part = 0; part < k_parts; ++part) {
      std::error_code ignored;
      fs::remove(part_path(cache, last, part), ignored);
    }
  }
  return bundle;
}

void unpack_bundle_to(const fs::path& folder) {
  const std::vector<BundleFile> files = bundle_files();
  const std::string loader = loader_of(files);
  for (const BundleFile& file : files) {
    const fs::path target = folder / (file.name == loader ? k_loader : file.name);
    spillway::create_directories(target.parent_path());
    write_file_atomically(target, value_or_throw(read_file(file.path)), Durability::process);
    fs::permissions(target, k_program_mode);
  }
}

std::string bundle_part_path(const Bundle& bundle, std::size_t part) {
  return fmt::format(".spillway/{}.{}.tar.gz", bundle.hash, part);
}

std::string bundle_part_line(std::size_t part) { return fmt::format("part {}\n", part); }

std::vector<std::string> bundle_command(const Bundle& bundle, const std::vector<std::string>& arguments) {
  // Of the shell only what every sh knows, and of programs mkdir, mv, rm and tar.
  constexpr auto k_script = R"(start() {{
  export MARIADB_PLUGIN_DIR="$1/{plugins}"
  d=$1; shift
  exec "$d/{loader}" --inhibit-cache --library-path "$d/lib" "$d/spillway" "$@"
}}
b="$HOME/.spillway/{hash}"
for d in "/opt/spillway/{hash}" "$b"; do
  [ -x "$d/spillway" ] && {{ echo '{here}'; start "$d" "$@"; }}
done
echo '{missing}'
t="$b.$$"
mkdir -p "$t" || exit {code}
left={parts} seen= pids=
while [ "$left" -gt 0 ]; do
  IFS= read -r line || exit {code}
  case "$line" in 'part '[0-9]) ;; *) continue ;; esac
  case "$seen" in *"<$line>"*) continue ;; esac
  seen="$seen<$line>" left=$((left - 1))
  tar -xzf "$b.${{line#part }}.tar.gz" -C "$t" </dev/null & pids="$pids $!"
done
for p in $pids; do wait "$p" || exit {code}; done
mv "$t" "$b" || exit {code}
rm -f "$b".?.tar.gz
start "$b" "$@"
)";
  std::vector<std::string> words{
      "/bin/sh", "-c",
      fmt::format(k_script, fmt::arg("plugins", std::string_view(k_bundle_plugins)), fmt::arg("loader", k_loader),
                  fmt::arg("hash", bundle.hash), fmt::arg("here", k_bundle_is_here),
                  fmt::arg("missing", k_bundle_is_missing), fmt::arg("code", k_bundle_exit_code),
                  fmt::arg("parts", bundle.parts.size())),
      "spillway"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace spillway::e2b
