#include "sandbox/view.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "pipeline/component.hpp"
#include "util/error.hpp"
#include "util/loaded_files.hpp"
#include "worker/access.hpp"

namespace spillway::sandbox {
namespace fs = std::filesystem;
namespace {

using Kind = Mount::Kind;

/// Folders that hold more than one pipeline's outputs. Those below them may be named.
constexpr std::array k_common_folders{"/",    "/bin",   "/boot", "/dev",  "/etc", "/home",
                                      "/lib", "/lib64", "/opt",  "/proc", "/run", "/sbin",
                                      "/srv", "/sys",   "/tmp",  "/usr",  "/var", "/var/tmp"};

std::vector<worker::NamedFiles> files_of(const RunPlace& place) {
  return worker::named_files(place.manifest, {place.session_id, place.run_dir, place.base_dir},
                             pipeline::ComponentCatalog::built_in());
}

bool is_above_or_same(const fs::path& folder, const fs::path& path) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

fs::path real_path(const fs::path& path) {
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(path, ignored);
  return real.empty() ? path : real;
}

void check_output_folder(const fs::path& folder, const std::string& step_id, const fs::path& file) {
  const fs::path real = real_path(folder);
  const char* home = std::getenv("HOME");
  const bool holds_home = home != nullptr && *home != '\0' && is_above_or_same(real, real_path(home));
  if (!holds_home && std::ranges::find(k_common_folders, real.string()) == k_common_folders.end()) return;
  fail(ErrorCode::sandbox,
       fmt::format("cannot make the sandbox: step '{}' writes '{}', and its folder '{}' holds more than outputs",
                   step_id, file.string(), folder.string()),
       fmt::format("write into a folder of its own, such as '{}'", (folder / "out" / file.filename()).string()));
}

/// One mount a path; what allows more wins.
class MountList {
 public:
  void add(Mount mount) {
    const auto [at, is_new] = m_mounts.try_emplace(mount.path, mount);
    if (!is_new && mount.kind == Kind::writable) at->second = std::move(mount);
  }
  std::vector<Mount> take() {
    std::vector<Mount> mounts;
    // Paths compare name by name, so a folder stands before what is in it.
    for (auto& [path, mount] : m_mounts) mounts.push_back(std::move(mount));
    return mounts;
  }

 private:
  std::map<fs::path, Mount> m_mounts;
};

void add_input(MountList& mounts, const fs::path& file) {
  std::error_code status;
  const fs::file_type type = fs::status(file, status).type();
  if (type == fs::file_type::directory) {
    mounts.add({file, Kind::empty_folder});
  } else if (type != fs::file_type::not_found && type != fs::file_type::none) {
    mounts.add({file, Kind::readable});
  }
}

}  // namespace

std::vector<fs::path> output_folders(const RunPlace& place) {
  std::set<fs::path> folders;
  for (const worker::NamedFiles& files : files_of(place)) {
    for (const fs::path& file : files.write) {
      const fs::path folder = file.parent_path();
      check_output_folder(folder, files.step_id, file);
      folders.insert(folder);
    }
  }
  return {folders.begin(), folders.end()};
}

std::vector<Mount> view_of(const RunPlace& place) {
  MountList mounts;
  const fs::path logs = place.run_dir.parent_path();
  std::set<fs::path> outputs;
  std::error_code ignored;
  mounts.add({place.base_dir, Kind::empty_folder});
  for (const fs::path& folder : output_folders(place)) {
    if (!fs::is_directory(folder, ignored)) continue;
    mounts.add({folder, Kind::writable});
    // Other runs are nobody's output.
    if (is_above_or_same(folder, logs)) mounts.add({logs, Kind::hidden});
  }
  const std::vector<worker::NamedFiles> named = files_of(place);
  for (const worker::NamedFiles& files : named) outputs.insert(files.write.begin(), files.write.end());
  for (const worker::NamedFiles& files : named) {
    for (const fs::path& file : files.read) {
      // What a later step replaces cannot be a mount; its folder is writable anyway.
      if (!outputs.contains(file)) add_input(mounts, file);
    }
  }
  // Of the run directory: what the worker reads and writes. The record is the host's, so is artifacts/_system.
  mounts.add({place.run_dir / "cfg", Kind::readable});
  mounts.add({place.run_dir / "artifacts", Kind::writable});
  mounts.add({place.run_dir / "artifacts" / "_system", Kind::readable});
  mounts.add({place.run_dir / "tmp", Kind::writable});
  return mounts.take();
}

std::vector<Mount> program_files() {
  std::vector<Mount> files;
  const fs::path program = fs::read_symlink("/proc/self/exe");
  files.push_back({program, Kind::readable});
  for (const fs::path& path : loaded_libraries()) {
    std::error_code ignored;
    files.push_back({path, Kind::readable, fs::canonical(path, ignored)});
  }
  // Where libraries in other than the usual folders are.
  if (std::error_code ignored; fs::exists("/etc/ld.so.cache", ignored)) {
    files.push_back({"/etc/ld.so.cache", Kind::readable});
  }
  return files;
}

}  // namespace spillway::sandbox
