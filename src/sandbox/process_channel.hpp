#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/channel.hpp"
#include "util/process.hpp"

namespace spillway::sandbox {

/// docs/protocol.md, "Time": each wait of the host has a name and an end.
struct ChannelTimeouts {
  std::chrono::milliseconds heartbeat_interval = std::chrono::seconds(5);  ///< of silence, after which it is pinged
  std::chrono::milliseconds pong_timeout = std::chrono::seconds(60);       ///< after which it counts as dead
  /// For its first word, when starting it takes another time than answering.
  std::optional<std::chrono::milliseconds> start_timeout = {};
  std::chrono::milliseconds exit_grace{500};  ///< for its exit status, once its output has ended
  std::chrono::milliseconds close_grace = std::chrono::seconds(2);  ///< to end by itself once its input has ended
  std::chrono::milliseconds term_grace = std::chrono::seconds(1);   ///< to end on SIGTERM; then SIGKILL
};

/// The end of a worker that nobody had asked for.
struct WorkerDeath {
  std::optional<ExitStatus> status;     ///< unknown when it closed its output without ending
  std::vector<std::string> last_words;  ///< the last lines that it wrote to standard error
  bool has_spoken = false;              ///< whether any message came from it
  bool is_silent = false;               ///< it has not ended, but nothing came from it for too long
};

/// A worker as a program: anything that gives a stdin and a stdout.
struct WorkerProgram {
  ProcessSpec process = {};
  /// What is told while it has not spoken yet, e.g. "starting the worker: docker run …".
  std::string start_activity = {};
  ChannelTimeouts timeouts = {};
  /// What a death means where this program runs; without an answer the death is told as it is.
  std::function<std::optional<Error>(const WorkerDeath&)> explain_death = {};
  /// What may be wrong with one that says what is no message.
  std::string protocol_hint = "host and worker must be the same version of spillway";
  /// A sanitizer reserves terabytes, and looks for leaks by means that a sandbox refuses.
  bool is_sanitized = false;
};

/// A channel that can also send what is too much to be made at once.
class StreamChannel : public Channel {
 public:
  /// Sends the commands that `next` makes, until it makes none: each when the worker has taken those before it.
  /// `next` is called in receive(), and what it throws comes out there.
  virtual void send_each(std::function<std::optional<protocol::Command>()> next) = 0;
};

/// Starts the program and speaks the protocol with it over its standard input and output; its standard error is kept
/// for the error that tells of its death.
std::unique_ptr<StreamChannel> open_process_channel(const WorkerProgram& program);

/// This program's `worker` verb, with the allow-list of contracts.md as its environment, for a run.
WorkerProgram worker_program(const RunPlace& place);

/// A worker in a process of its own on this machine. It may do what its user may: only its memory is isolated.
std::unique_ptr<Channel> open_worker_process(const RunPlace& place);

}  // namespace spillway::sandbox
