#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "sandbox/cgroup.hpp"
#include "util/fd.hpp"
#include "util/process.hpp"

namespace spillway::sandboxd {

/// What each sandbox may use.
struct JailLimits {
  std::uint64_t memory_bytes = 0;  ///< of its processes
  std::uint64_t disk_bytes = 0;    ///< of its files, which are in memory too
  std::uint64_t processes = 0;     ///< and threads
  std::uint64_t open_files = 0;    ///< a process
};

struct JailPlan {
  std::string name;                       ///< of its control group
  std::filesystem::path template_folder;  ///< seen as /opt/spillway; empty: there is none
  bool has_network = false;               ///< the host's
  JailLimits limits;
};

/// A bubblewrap sandbox with an agent in it (agent.hpp): nothing of this machine but /usr, a root of its own that is
/// kept in memory, and processes of its own. All of it is gone on destruction, and when this process dies. Made and
/// destroyed on the same thread.
class Jail {
 public:
  /// `agent_end` is the agent's end of the conversation. Throws ErrorCode::sandbox where none can be made.
  Jail(const JailPlan& plan, const Fd& agent_end);
  Jail(const Jail&) = delete;
  Jail& operator=(const Jail&) = delete;
  ~Jail() = default;

  /// What bubblewrap said when the agent does not come up.
  std::string last_words();
  bool has_group() const { return m_group.has_value(); }

 private:
  std::optional<sandbox::Cgroup> m_group;
  std::optional<ChildProcess> m_process;  ///< ends first
};

/// How much memory a process may take by itself; 0 where the jail's control group limits all of them together.
std::uint64_t process_memory_limit(const JailLimits& limits, bool has_group);

}  // namespace spillway::sandboxd
