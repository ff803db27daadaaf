#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "config/redact.hpp"
#include "protocol/messages.hpp"
#include "util/clock.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"

namespace spillway::run {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

/// A text file that grows by whole lines: each is one write, and one that does not fit is taken back.
class LineFile {
 public:
  /// Creates the file where there is none; throws when that fails.
  explicit LineFile(std::filesystem::path path);
  Result<void> append(std::string_view line);

 private:
  std::filesystem::path m_path;
  Fd m_fd;
};

/// The run directory's own account of the run: events.jsonl, metrics.jsonl, commands.jsonl and spillway.log. Written
/// by the host alone, from one thread; everything passes the redactor. A line that cannot be written is lost whole,
/// and first_error tells: the run goes on to its end and fails there.
class Record {
 public:
  /// Goes on after what is there, its last event being number `last_seq`. `redactor` outlives the record.
  Record(const std::filesystem::path& run_dir, std::string session_id, const config::Redactor& redactor,
         WallClock now = std::chrono::system_clock::now, std::uint64_t last_seq = 0);

  /// `timestamp` is the worker's; empty means now.
  void event(std::string_view name, const Json& data, std::string_view timestamp = {});
  void metric(std::string_view name, const Json& value, const Json& tags, std::string_view timestamp = {});
  void command(const protocol::Command& command);
  void log(std::string_view text);

  /// The text without the secrets that the record masks.
  OrderedJson redacted(const OrderedJson& json) const { return m_redactor.redact(json); }
  const std::optional<Error>& first_error() const { return m_first_error; }

 private:
  bool append(LineFile& file, std::string_view line);

  std::string stamp(std::string_view timestamp) const;

  std::string m_session_id;
  const config::Redactor& m_redactor;
  WallClock m_now;
  LineFile m_events;
  LineFile m_metrics;
  LineFile m_commands;
  LineFile m_log;
  std::uint64_t m_seq;
  std::optional<Error> m_first_error;
};

}  // namespace spillway::run
