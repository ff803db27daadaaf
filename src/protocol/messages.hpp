#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "util/error.hpp"

/// The worker's whole interface: commands in, messages out, one JSON object a line (codec.hpp). A DataFrame, or a
/// part of one, is never in a message.
namespace spillway::protocol {

using Json = nlohmann::json;

inline constexpr int k_version = 2;
/// A longer line is refused, so that neither side can be made to buffer without bound.
inline constexpr std::size_t k_max_line_bytes = std::size_t{16} * 1024 * 1024;

/// Of a FilesData: what comes in one piece is in memory at both ends.
inline constexpr std::size_t k_max_piece_bytes = std::size_t{1024} * 1024;
inline constexpr std::size_t k_max_inline_bytes = std::size_t{64} * 1024;

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
  std::map<std::string, InputRef> inputs = {};
  /// Of a step that is sent ahead: the steps that have to succeed first. Unset: it starts at once.
  std::optional<std::vector<std::string>> after = {};
  /// materialize: stream. The rows go to the one step that has this one among its inputs, as they come.
  bool is_streamed = false;
};

/// Cancels one running step, or all of them when `step_id` is empty.
struct CancelCommand {
  std::string step_id;
};

/// Frees every frame and ends the session when all steps are over.
struct CleanupCommand {
  /// Sent together with steps that wait for others: meanwhile the worker takes what else comes.
  bool is_ahead = false;
};

/// Asks for every line after this one again (numbered_lines.hpp).
struct ResumeCommand {
  std::uint64_t after = 0;
};

/// A stream of files begins (docs/protocol.md, "Files"), the same way in both directions.
struct FilesStart {
  std::string step_id;  ///< to the host: whose files they are; empty for those of no one step
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;           ///< of all files together
  Json unreadable = Json::object();  ///< to the worker: by step, the error of an input that cannot be sent
  bool wants_frames = true;          ///< to the worker: whether it sends the Parquet files of spilled frames back
  std::uint64_t most_artifact_bytes = UINT64_MAX;  ///< to the worker: a larger artifact stays there
};

/// A piece of the tar stream. Its bytes follow its line as they are, so that encode() and decode leave them out.
struct FilesData {
  std::size_t size = 0;
  std::string bytes = {};
};

/// A piece of the tar stream that is in a file at the worker's end, from its first byte to its last.
struct FilesAt {
  std::string path;  ///< absolute
  std::uint64_t bytes = 0;
};

/// A piece of the tar stream that is in its line, where a way of its own would be the longer one.
struct FilesInline {
  std::string bytes;  ///< 1 to k_max_inline_bytes
};

struct FilesEnd {
  std::string sha256;  ///< of the tar stream; empty when all of it is to be forgotten
};

using Command = std::variant<PingCommand, PrepareCommand, ExecStepCommand, CancelCommand, CleanupCommand,
                             ResumeCommand, FilesStart, FilesData, FilesAt, FilesInline, FilesEnd>;

/// An answer to a command: `status` is ready, complete, cleaned, pong, receiving, received or error; `body` holds its
/// other fields.
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

using Message =
    std::variant<Response, Event, Metric, ErrorMessage, FilesStart, FilesData, FilesAt, FilesInline, FilesEnd>;

}  // namespace spillway::protocol
