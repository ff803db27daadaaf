#pragma once

#include <filesystem>
#include <string>

#include "util/fd.hpp"

namespace spillway::testing {

/// Tells when a file of a folder changes, from the moment this is made.
class FolderWatch {
 public:
  explicit FolderWatch(const std::filesystem::path& folder);

  /// Waits until bytes are written to a file of the folder and returns its name. Throws after a minute of silence.
  std::string wait_for_write();

 private:
  Fd m_fd;
};

}  // namespace spillway::testing
