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
  std::chrono::milliseconds exit_grace{500};  ///< for its exit status, once its output has ended
  std::chrono::milliseconds close_grace = std::chrono::seconds(2);  ///< to end by itself once its input has ended
  std::chrono::milliseconds term_grace = std::chrono::seconds(1);   ///< to end on SIGTERM; then SIGKILL
};

/// The end of a worker that nobody had asked for.
struct WorkerDeath {
  std::optional<ExitStatus> status;     ///< unknown when it closed its output without ending
  std::vector<std::string> last_words;  ///< the last lines that it wrote to standard error
  bool has_spoken = false;              ///< whether any message came from it
};

/// A worker as a program: anything that gives a stdin and a stdout.
struct WorkerProgram {
  ProcessSpec process = {};
  ChannelTimeouts timeouts = {};
  /// What a death means where this program runs; without an answer the death is told as it is.
  std::function<std::optional<Error>(const WorkerDeath&)> explain_death = {};
  /// A sanitizer reserves terabytes, and looks for leaks by means that a sandbox refuses.
  bool is_sanitized = false;
};

/// Starts the program and speaks the protocol with it over its standard input and output; its standard error is kept
/// for the error that tells of its death.
std::unique_ptr<Channel> open_process_channel(const WorkerProgram& program);

/// This program's `worker` verb, with the allow-list of contracts.md as its environment, for a run.
WorkerProgram worker_program(const RunPlace& place);

/// A worker in a process of its own on this machine. It may do what its user may: only its memory is isolated.
std::unique_ptr<Channel> open_worker_process(const RunPlace& place);

}  // namespace spillway::sandbox
