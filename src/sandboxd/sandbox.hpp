#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sandboxd/message_socket.hpp"
#include "sandboxd/running_process.hpp"
#include "util/clock.hpp"

namespace spillway::sandboxd {

using Environment = std::map<std::string, std::string>;

/// What a client asked for, and what it was told.
struct SandboxIdentity {
  std::string id;
  std::string template_id;
  std::string token;  ///< of its data plane: a secret
  std::map<std::string, std::string> metadata;
  Environment environment;
  WallTime started;
};

/// A file of a sandbox, open here.
struct OpenFile {
  Fd file;
  std::string path;
  std::uint64_t size = 0;
  WallTime changed;
};

/// What a sandbox uses, for its metrics.
struct Usage {
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_used = 0;
  std::uint64_t disk_total = 0;
  double cpu_percent = 0;  ///< of all processors, since it was asked last
};

/// A sandbox as sandboxd sees it: the conversation with its agent, and the processes that clients started in it.
/// Nothing that comes out of it is trusted. Used by many threads; functions throw RpcError.
class Sandbox {
 public:
  /// `socket` is the end here; `on_end` is called once, from another thread, when the agent is gone.
  /// Files of more than `disk_bytes` are none of its own; a process may take `process_memory_bytes`, 0 for no limit.
  Sandbox(SandboxIdentity identity, Fd socket, std::uint64_t disk_bytes, std::uint64_t process_memory_bytes,
          std::function<void()> on_end);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox();

  const SandboxIdentity& identity() const { return m_identity; }
  /// False when the agent has not come up by then.
  bool wait_until_ready(std::chrono::seconds patience);
  bool is_gone();
  /// Cuts all that is waited for. The sandbox's processes are ended by whoever owns them.
  void end();

  OpenFile open_to_read(const std::string& path);
  OpenFile open_to_write(const std::string& path);
  /// What the agent answers to a request about files.
  Json ask(Json request) { return ask(std::move(request), {}).content; }
  Usage measure();

  struct StartRequest {
    ProcessConfig config;
    bool has_input = true;
  };
  /// With a reader that misses nothing.
  std::pair<std::shared_ptr<RunningProcess>, std::shared_ptr<OutputQueue>> start(const StartRequest& request);
  /// RpcCode::not_found when there is none.
  std::shared_ptr<RunningProcess> find_process(pid_t pid);
  std::shared_ptr<RunningProcess> find_process(const std::string& tag);
  std::vector<std::shared_ptr<RunningProcess>> running_processes();
  void send_signal(RunningProcess& process, int signal);

 private:
  AgentMessage ask(Json request, std::span<const int> descriptors);
  OpenFile open(const char* action, const std::string& path);
  void listen();
  void note_end(const Json& event);
  void forget_processes();

  SandboxIdentity m_identity;
  std::uint64_t m_disk_bytes;
  std::uint64_t m_process_memory_bytes;
  std::function<void()> m_on_end;
  MessageSocket m_socket;
  std::mutex m_mutex;
  std::condition_variable m_changed;
  bool m_is_ready = false;
  bool m_is_gone = false;
  std::uint64_t m_last_id = 0;
  std::uint64_t m_measured_cpu_milliseconds = 0;
  std::chrono::steady_clock::time_point m_measured_at = std::chrono::steady_clock::now();
  std::map<std::uint64_t, std::optional<AgentMessage>> m_answers;  ///< of requests that somebody waits for
  std::map<pid_t, std::shared_ptr<RunningProcess>> m_processes;
  std::map<pid_t, ProcessEnd> m_early_ends;  ///< of processes whose start was not yet heard of
  std::thread m_listener;
};

}  // namespace spillway::sandboxd
