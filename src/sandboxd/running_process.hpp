#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "util/fd.hpp"

namespace spillway::sandboxd {

/// How a process of a sandbox ended, as its agent tells it.
struct ProcessEnd {
  int exit_code = 0;
  int signal = 0;
};

/// What a process was started with, as List shows it.
struct ProcessConfig {
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::pair<std::string, std::string>> given_environment;  ///< the part that the caller named
  std::string folder;
  std::string tag;
};

struct OutputState;

struct ProcessOutput {
  enum class Kind { out, err, end };
  Kind kind = Kind::out;
  std::string bytes = {};
  ProcessEnd end = {};
};

/// What one reader of a process's output has not taken yet. A reader that is slow makes the process wait.
class OutputQueue {
 public:
  /// The next piece, if there is one until then. Throws GoneAway when the sandbox is gone.
  std::optional<ProcessOutput> next(std::chrono::steady_clock::time_point until);

 private:
  friend class RunningProcess;
  explicit OutputQueue(std::shared_ptr<OutputState> state) : m_state(std::move(state)) {}

  std::shared_ptr<OutputState> m_state;
  std::deque<ProcessOutput> m_pieces;
};

/// The sandbox ended while somebody waited for its output: the stream is cut.
class GoneAway : public std::exception {
 public:
  const char* what() const noexcept override { return "the sandbox is gone"; }
};

/// A process in a sandbox that was started for a client: its pipes' ends here. A thread of its own reads what it
/// writes and gives it to whoever reads; without a reader it is dropped. Used by many threads.
class RunningProcess {
 public:
  /// `in` is empty when it reads nothing.
  RunningProcess(ProcessConfig config, Fd in, Fd out, Fd err);
  RunningProcess(const RunningProcess&) = delete;
  RunningProcess& operator=(const RunningProcess&) = delete;
  ~RunningProcess();

  /// Starts to read, once the process is known to run.
  void begin(pid_t pid);
  pid_t pid() const { return m_pid; }
  const ProcessConfig& config() const { return m_config; }

  /// All output from now on goes there too.
  std::shared_ptr<OutputQueue> subscribe();
  void unsubscribe(const std::shared_ptr<OutputQueue>& queue);

  /// All of it is in the pipe when this returns. Throws RpcError.
  void write_input(std::string_view bytes);
  void close_input();

  /// Nothing of what is below its end is waited for: it was killed.
  void expect_end();
  /// The agent says so.
  void note_end(ProcessEnd end);
  /// The sandbox is gone.
  void abandon();
  bool has_ended() const;
  /// Whether it has ended longer ago than anybody may still ask for it.
  bool is_forgotten() const;

 private:
  void pump();
  void publish(const ProcessOutput& piece);
  void finish();

  ProcessConfig m_config;
  pid_t m_pid = 0;
  Fd m_in;
  Fd m_out;
  Fd m_err;
  Fd m_wake;  ///< an eventfd: something in m_state changed
  std::mutex m_input;
  std::shared_ptr<OutputState> m_state;
  std::thread m_pump;
};

}  // namespace spillway::sandboxd
