#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "protocol/messages.hpp"

namespace spillway::sandbox {

/// The run that a channel is opened for: where its files are, and what it will run.
struct RunPlace {
  std::string session_id;
  std::filesystem::path run_dir;   ///< absolute
  std::filesystem::path base_dir;  ///< absolute: relative paths of step configs start here
  protocol::Json manifest;
  /// What steps connect to, by reference ("@postgres.main"), resolved, secrets included.
  protocol::Json connections = protocol::Json::object();
  /// What tells others that the run goes on for as long as anybody keeps it open; -1 when nothing does.
  int lock_descriptor = -1;
};

/// A way to a worker, wherever it runs: commands go in, messages come out, in order. Owned by one run and used by its
/// thread. Destroying it stops the worker, running or not.
class Channel {
 public:
  virtual ~Channel() = default;
  /// Throws ErrorCode::sandbox when the worker is gone.
  virtual void send(const protocol::Command& command) = 0;
  /// The next message; nothing when none came within `timeout`. Throws ErrorCode::sandbox when the worker is gone and
  /// its messages are used up.
  virtual std::optional<protocol::Message> receive(std::chrono::milliseconds timeout) = 0;
  /// Whether an answer takes so long that commands are better sent ahead of what they wait for.
  virtual bool is_far() const { return false; }
  /// What it is busy with before the worker can be ready, for whoever waits: "starting the worker: docker run …".
  /// Empty when there is nothing that is worth telling.
  virtual std::string activity() const { return {}; }
};

/// A worker in this process, on a thread of its own.
std::unique_ptr<Channel> open_in_process_channel();

}  // namespace spillway::sandbox
