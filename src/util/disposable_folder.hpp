#pragma once

#include <filesystem>

#include "util/fd.hpp"

namespace spillway {

/// A folder of this process's own below the system's folder for temporary files. It goes with this object, and also
/// when the process ends without destroying it: a small process that waits for that takes it away.
/// To be made while the process has one thread.
class DisposableFolder {
 public:
  /// Throws an os_error that names the folder above.
  DisposableFolder();
  DisposableFolder(const DisposableFolder&) = delete;
  DisposableFolder& operator=(const DisposableFolder&) = delete;
  ~DisposableFolder();

  const std::filesystem::path& path() const { return m_path; }

 private:
  std::filesystem::path m_path;
  Fd m_alive;  ///< what the other process waits for to be closed
};

}  // namespace spillway
