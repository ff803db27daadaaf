#include "util/cgroup_place.hpp"

#include <algorithm>
#include <string>

#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway {

std::vector<CgroupPlace> cgroups_of(const std::filesystem::path& root, std::string_view controller) {
  std::vector<CgroupPlace> places;
  const std::filesystem::path mount = root / "sys/fs/cgroup";
  // A line is "hierarchy:controllers:group"; version 2 is hierarchy 0 and names no controllers.
  for (const std::string& line : split(read_file(root / "proc/self/cgroup").value_or(""), '\n')) {
    const std::vector<std::string> fields = split(line, ':');
    if (fields.size() != 3) continue;
    const std::vector<std::string> controllers = split(fields[1], ',');
    if (fields[0] == "0" && fields[1].empty()) {
      places.push_back({mount, fields[2], true});
    } else if (std::ranges::find(controllers, controller) != controllers.end()) {
      places.push_back({mount / fields[1], fields[2], false});
    }
  }
  return places;
}

}  // namespace spillway
