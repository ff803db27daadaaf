#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "util/error.hpp"

/// The worker's whole interface: commands in, messages out, one JSON object a line (codec.hpp). A DataFrame, or a
/// part of one, is never in a message.
namespace spillway::protocol {

using Json = nlohmann::json;

inline constexpr int k_version = 1;
/// A longer line is refused, so that neither side can be made to buffer without bound.
inline constexpr std::size_t k_max_line_bytes = std::size_t{16} * 1024 * 1024;

/// Where an input's DataFrame comes from: the output named `key` of step `from_step`.
struct InputRef {
  std::string from_step;
  std::string key = "df";
};

struct PingCommand {
  Json data;
};

/// Opens a session. `manifest` lists the steps with their `cfg_path`; `settings` holds `session_dir`, `base_dir` and
/// the engine's settings (config/settings.hpp); `connections` the resolved connections, secrets included.
struct PrepareCommand {
  std::string session_id;
  Json manifest;
  Json connections;
  Json settings;
};

/// Runs one step. Its config is read from `cfg_path`, relative to the session directory.
struct ExecStepCommand {
  std::string step_id;
  std::string driver;
  std::string cfg_path;
  std::map<std::string, InputRef> inputs;
};

/// Cancels one running step, or all of them when `step_id` is empty.
struct CancelCommand {
  std::string step_id;
};

/// Waits for running steps, frees every frame and ends the session.
struct CleanupCommand {};

using Command = std::variant<PingCommand, PrepareCommand, ExecStepCommand, CancelCommand, CleanupCommand>;

/// An answer to a command: `status` is ready, complete, cleaned, pong or error; `body` holds its other fields.
struct Response {
  std::string status;
  Json body = Json::object();
};

/// Something that happened; the host writes it to events.jsonl.
struct Event {
  std::string name;
  std::string timestamp;  ///< UTC, ISO 8601 with microseconds
  Json data = Json::object();
};

/// A measurement; `tags` holds `unit` and, for a step's, `step_id`.
struct Metric {
  std::string name;
  Json value;
  std::string timestamp;
  Json tags = Json::object();
};

/// A failure outside any command, e.g. a line that is no JSON.
struct ErrorMessage {
  std::string error;
};

using Message = std::variant<Response, Event, Metric, ErrorMessage>;

}  // namespace spillway::protocol
