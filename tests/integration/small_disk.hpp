#pragma once

#include <filesystem>
#include <string>

namespace spillway::testing {

/// A file system of a few megabytes, mounted on a folder while this lives. It is mounted in a mount namespace of this
/// process and what it starts: nobody else sees it, and a test that is killed leaves nothing mounted.
class SmallDisk {
 public:
  /// Creates the folder. Throws when nothing can be mounted here, which needs root.
  explicit SmallDisk(std::filesystem::path folder, const std::string& size = "2m");
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk();

  void make_read_only() const;

 private:
  std::filesystem::path m_folder;
};

}  // namespace spillway::testing
