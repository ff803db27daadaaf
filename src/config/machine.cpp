#include "config/machine.hpp"

#include <sched.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "util/cgroup_place.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::config {
namespace fs = std::filesystem;
namespace {

/// Empty when there is no such file or it holds no number ("max" is none).
std::optional<std::uint64_t> read_number(const fs::path& path) {
  const Result<std::string> text = read_file(path);
  return text ? parse_uint(trim(*text)) : std::nullopt;
}

/// The least limit of a group and the groups around it; `read` gives that of one folder. In a container the group's
/// own folder may not be visible, and the mount's root is the container's group.
template <typename Read>
std::optional<std::uint64_t> least_limit(const CgroupPlace& cgroup, Read read) {
  std::optional<std::uint64_t> least;
  fs::path group = cgroup.group.relative_path();
  for (;;) {
    const std::optional<std::uint64_t> limit = read(cgroup.mount / group);
    if (limit && (!least || *limit < *least)) least = limit;
    if (group.empty()) return least;
    group = group.parent_path();
  }
}

std::optional<std::uint64_t> memory_limit(const CgroupPlace& cgroup) {
  return least_limit(cgroup, [&](const fs::path& folder) {
    return read_number(folder / (cgroup.is_version_2 ? "memory.max" : "memory.limit_in_bytes"));
  });
}

std::optional<std::uint64_t> cores_of_quota(std::optional<std::uint64_t> quota, std::optional<std::uint64_t> period) {
  if (!quota || !period || *quota == 0 || *period == 0) return std::nullopt;
  return (*quota + *period - 1) / *period;
}

/// A quota of 150 ms in each 100 ms is two cores: rounded up, so that the quota can be used in full.
std::optional<std::uint64_t> core_limit(const CgroupPlace& cgroup) {
  return least_limit(cgroup, [&](const fs::path& folder) -> std::optional<std::uint64_t> {
    if (!cgroup.is_version_2) {
      return cores_of_quota(read_number(folder / "cpu.cfs_quota_us"), read_number(folder / "cpu.cfs_period_us"));
    }
    const std::vector<std::string> fields = split(trim(read_file(folder / "cpu.max").value_or("")), ' ');
    if (fields.size() != 2) return std::nullopt;
    return cores_of_quota(parse_uint(fields[0]), parse_uint(fields[1]));
  });
}

std::uint64_t physical_memory(const fs::path& root) {
  for (const std::string& line : split(read_file(root / "proc/meminfo").value_or(""), '\n')) {
    if (!line.starts_with("MemTotal:")) continue;
    const std::string_view value = trim(std::string_view(line).substr(line.find(':') + 1));
    return parse_uint(value.substr(0, value.find(' '))).value_or(0) * 1024;
  }
  return 0;
}

std::uint64_t cores_of_affinity() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return static_cast<std::uint64_t>(std::max(1, CPU_COUNT(&allowed)));
}

}  // namespace

MachineLimits detect_machine(const fs::path& root) {
  std::uint64_t memory = physical_memory(root);
  for (const CgroupPlace& cgroup : cgroups_of(root, "memory"))
    memory = std::min(memory, memory_limit(cgroup).value_or(memory));
  std::uint64_t cores = cores_of_affinity();
  for (const CgroupPlace& cgroup : cgroups_of(root, "cpu"))
    cores = std::min(cores, core_limit(cgroup).value_or(cores));
  return {memory, static_cast<unsigned>(cores)};
}

}  // namespace spillway::config
