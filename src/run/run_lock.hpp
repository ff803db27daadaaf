#pragma once

#include <filesystem>
#include <optional>

#include "util/fd.hpp"

namespace spillway::run {

constexpr auto k_lock_file = "host.lock";  ///< in the run directory

/// The sign that a run goes on: a lock on k_lock_file. The host holds it, and so does the guard of its
/// worker; the kernel lets go of it however they end. The file names the machine, for folders that several share.
class RunLock {
 public:
  /// For the host, in a directory that it has just made: nothing when somebody took it for that of a dead run before
  /// it could be locked. Throws when there can be no lock file.
  static std::optional<RunLock> claim(const std::filesystem::path& run_dir);
  /// For whoever looks at a run without status.json: nothing when it goes on, when it may go on, on another machine,
  /// and when it has ended after all.
  static std::optional<RunLock> seize(const std::filesystem::path& run_dir);

  /// What another process keeps open for as long as it belongs to the run.
  int descriptor() const { return m_fd.get(); }
  /// Takes the file away, once status.json says how the run ended.
  void remove() const;

 private:
  RunLock(std::filesystem::path path, Fd fd) : m_path(std::move(path)), m_fd(std::move(fd)) {}

  std::filesystem::path m_path;
  Fd m_fd;
};

}  // namespace spillway::run
