#include "util/loaded_files.hpp"

#include <link.h>

namespace spillway {

std::vector<std::filesystem::path> loaded_libraries() {
  std::vector<std::filesystem::path> paths;
  const auto add = [](dl_phdr_info* info, std::size_t, void* data) {
    std::filesystem::path path = info->dlpi_name;
    // The program itself has no name, the kernel's part no path.
    if (path.is_absolute()) static_cast<std::vector<std::filesystem::path>*>(data)->push_back(std::move(path));
    return 0;
  };
  ::dl_iterate_phdr(add, &paths);
  return paths;
}

}  // namespace spillway
