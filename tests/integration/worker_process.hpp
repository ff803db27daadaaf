#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "util/fd.hpp"

namespace spillway::testing {

using Json = nlohmann::json;

/// `spillway worker` behind pipes, and the host's end of them. Killed when it still runs on destruction.
class WorkerProcess {
 public:
  explicit WorkerProcess(const std::filesystem::path& directory, const std::vector<std::string>& options = {});
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  void send(const Json& command) { send_bytes(command.dump() + "\n"); }
  void send_bytes(std::string_view bytes);
  /// The next message. Throws when the worker has ended, is silent for a minute, or writes what is no JSON object.
  Json read();
  /// What has come, as it is; waits until there is something. To be used in place of read().
  std::string read_bytes();
  /// The next message that answers a command; what streams by meanwhile is kept.
  Json answer();
  /// Sends a command and returns its answer.
  Json ask(const Json& command);
  /// Reads until that event comes and returns its data.
  Json wait_for_event(std::string_view name);

  /// Everything that was read so far, in order.
  const std::vector<Json>& messages() const { return m_messages; }
  /// The data of the events of that name that were read so far.
  std::vector<Json> events(std::string_view name) const;

  void close_input() { m_in.reset(); }
  void close_output() { m_out.reset(); }
  /// Waits for its end; 128 + the signal when one killed it.
  int wait();

 private:
  bool fill();

  pid_t m_pid = -1;
  Fd m_in;
  Fd m_out;
  std::string m_buffer;
  std::vector<Json> m_messages;
};

}  // namespace spillway::testing
