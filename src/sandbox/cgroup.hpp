#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spillway::sandbox {

struct CgroupLimits {
  std::uint64_t memory_bytes = 0;
  std::optional<std::uint64_t> processes;  ///< and threads
};

/// A control group for one worker. It limits what rlimits do not: memory of every kind, shared and of temporary file
/// systems too, and threads also of root. Removed on destruction, when what was in it has ended.
class Cgroup {
 public:
  /// Beside or below this process's own group. Nothing where it may not make one: rlimits have to do then
  /// (docs/security.md, "Limits"). Looks at /proc and /sys below `root` (a test's own tree).
  static std::optional<Cgroup> create(const std::string& name, const CgroupLimits& limits,
                                      const std::filesystem::path& root = "/");
  Cgroup(Cgroup&&) noexcept = default;
  Cgroup& operator=(Cgroup&&) = delete;
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  ~Cgroup();

  /// Files that a process writes "0" to in order to be in the group.
  std::vector<std::string> process_files() const;
  const std::vector<std::filesystem::path>& folders() const { return m_folders; }
  /// How often the kernel has killed for want of memory.
  std::uint64_t memory_kills() const;

 private:
  explicit Cgroup(std::vector<std::filesystem::path> folders) : m_folders(std::move(folders)) {}

  std::vector<std::filesystem::path> m_folders;
};

}  // namespace spillway::sandbox
