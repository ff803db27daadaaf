#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace spillway {

/// Where a controller keeps the files of this process's control group: version 2 has one tree, version 1 one a
/// controller (cgroups(7)).
struct CgroupPlace {
  std::filesystem::path mount;
  std::filesystem::path group;  ///< below the mount, "/" for its root; a container may not see that folder
  bool is_version_2 = true;
};

/// Reads /proc/self/cgroup below `root` (a test's own tree). `controller` is that of version 1, e.g. "memory".
std::vector<CgroupPlace> cgroups_of(const std::filesystem::path& root, std::string_view controller);

}  // namespace spillway
