#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "util/error.hpp"
#include "util/fd.hpp"

namespace spillway {

/// How a process ended: by itself with a code, or by a signal.
struct ExitStatus {
  int code = 0;
  int signal = 0;
  std::uint64_t peak_memory_bytes = 0;  ///< resident, of the process or of one below it, whichever had most
  /// "exit status 3", "killed by signal 9 (SIGKILL)". A code above 128 is a shell's way to tell a signal.
  std::string to_string() const;
  /// The signal, also when a wrapper told it as 128 + signal; 0 when there was none.
  int killed_by() const;
};

/// The most memory that a process had resident since it started its program; 0 when it has ended. getrusage(2) is no
/// source for this: its figure begins with the peak of the process that started the program.
std::uint64_t peak_memory_bytes(pid_t pid);

/// A limit of setrlimit(2). The kernel tells a process of CPU time that is used up (SIGXCPU) at the soft limit and
/// kills it at the hard one: of that the hard limit is a second more, else both are `value`.
struct ResourceLimit {
  int resource = 0;
  std::uint64_t value = 0;
};

struct ProcessSpec {
  std::vector<std::string> arguments;    ///< the first is the program's path
  std::vector<std::string> environment;  ///< NAME=value, and nothing else
  std::vector<int> descriptors = {};     ///< what it gets beside 0, 1 and 2, as 3, 4, …
  std::vector<ResourceLimit> limits = {};
  std::vector<std::string> cgroup_files = {};  ///< cgroup.procs of the control groups that it is put into
  /// Folders that are removed when the process that started it is gone and it has ended: those that are empty then.
  std::vector<std::string> leftovers = {};
  /// What the guard keeps open for as long as it lives, and the program does not get; -1 for nothing.
  int guard_descriptor = -1;
  /// How long it may go on when the process that started it is gone.
  std::chrono::milliseconds orphan_grace{0};
};

/// A program behind three pipes, in a session and process group of its own, with no other descriptor of this process.
/// A guard process stands between: when this process dies, however it dies, the guard kills the program after the
/// grace that the spec gives. Killed and collected on destruction. Used by the thread that made it: that thread's end
/// counts as the death of the process.
class ChildProcess {
 public:
  /// Throws an os_error that names the program when it cannot be started.
  explicit ChildProcess(const ProcessSpec& spec);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  pid_t pid() const { return m_pid; }
  /// Its standard input, output and error: non-blocking, to be closed by reset().
  Fd in;
  Fd out;
  Fd err;

  /// To the whole process group. Nothing once it was collected.
  void send_signal(int signal) const;
  /// How it ended, if it has within `timeout`.
  std::optional<ExitStatus> wait(std::chrono::milliseconds timeout);

 private:
  pid_t m_pid = -1;  ///< of the guard, which leads the group and ends as the program ended
  Fd m_pidfd;
  std::optional<ExitStatus> m_status;
};

}  // namespace spillway
