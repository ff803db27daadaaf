#include "sandbox/cgroup.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <system_error>
#include <thread>

#include "util/cgroup_place.hpp"

namespace spillway::sandbox {
namespace fs = std::filesystem;
namespace {

/// False when the file is missing or the kernel refuses the value.
bool write_value(const fs::path& file, std::uint64_t value) {
  if (std::error_code ignored; !fs::exists(file, ignored)) return false;
  std::ofstream stream(file);
  stream << value << std::flush;
  return stream.good();
}

bool limit_memory(const fs::path& folder, std::uint64_t bytes) {
  // Without a limit of swap the other is only that of what is not swapped out. Kernels may have no files for it.
  if (write_value(folder / "memory.max", bytes)) {
    write_value(folder / "memory.swap.max", 0);
    return true;
  }
  const bool is_limited = write_value(folder / "memory.limit_in_bytes", bytes);
  write_value(folder / "memory.memsw.limit_in_bytes", bytes);
  return is_limited;
}

/// Where a group can be made: in this process's own and, in version 2, beside it, as there a group that has processes
/// gives no controllers to those in it.
std::vector<fs::path> parents_of(const CgroupPlace& place) {
  std::error_code ignored;
  const fs::path own = (place.mount / place.group.relative_path()).lexically_normal();
  if (!fs::is_directory(own, ignored)) return {place.mount};
  if (!place.is_version_2 || own == place.mount) return {own};
  return {own, own.parent_path()};
}

/// A new group of a controller with the limit that `limit` sets in it, added to `folders`.
template <typename Limit>
bool make_group(const fs::path& root, const char* controller, const std::string& name, std::vector<fs::path>& folders,
                Limit limit) {
  for (const CgroupPlace& place : cgroups_of(root, controller)) {
    for (const fs::path& parent : parents_of(place)) {
      fs::path folder = parent / name;
      std::error_code status;
      if (!fs::create_directory(folder, status) || status) continue;
      if (limit(folder)) {
        folders.push_back(std::move(folder));
        return true;
      }
      fs::remove(folder, status);
    }
  }
  return false;
}

}  // namespace

std::optional<Cgroup> Cgroup::create(const std::string& name, const CgroupLimits& limits, const fs::path& root) {
  std::vector<fs::path> folders;
  make_group(root, "memory", name, folders,
             [&](const fs::path& folder) { return limit_memory(folder, limits.memory_bytes); });
  if (limits.processes) {
    const auto limit = [&](const fs::path& folder) { return write_value(folder / "pids.max", *limits.processes); };
    // In version 2 the group of memory is that of processes too.
    if (folders.empty() || !limit(folders.front())) make_group(root, "pids", name, folders, limit);
  }
  if (folders.empty()) return std::nullopt;
  return Cgroup(std::move(folders));
}

Cgroup::~Cgroup() {
  constexpr int k_most_tries = 50;
  constexpr std::chrono::milliseconds k_moment{10};
  for (const fs::path& folder : m_folders) {
    // A process that was killed takes a moment to be gone.
    for (int tries = 0; ::rmdir(folder.c_str()) != 0 && errno == EBUSY && tries < k_most_tries; ++tries) {
      std::this_thread::sleep_for(k_moment);
    }
  }
}

std::vector<std::string> Cgroup::process_files() const {
  std::vector<std::string> files;
  for (const fs::path& folder : m_folders) files.push_back((folder / "cgroup.procs").string());
  return files;
}

std::uint64_t Cgroup::memory_kills() const {
  for (const char* file : {"memory.events", "memory.oom_control"}) {
    std::ifstream stream(m_folders.front() / file);
    std::string name;
    std::uint64_t count = 0;
    while (stream >> name >> count) {
      if (name == "oom_kill") return count;
    }
  }
  return 0;
}

}  // namespace spillway::sandbox
