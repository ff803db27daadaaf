#include "run/record.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <tuple>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "protocol/codec.hpp"
#include "util/clock.hpp"

namespace spillway::run {
namespace {

std::string to_line(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

/// Which fields each connection has, and nothing of what is in them.
Json masked_connections(const Json& connections) {
  Json masked = Json::object();
  for (const auto& [reference, fields] : connections.items()) {
    masked[reference] = Json::object();
    for (const auto& [field, value] : fields.items()) masked[reference][field] = config::k_mask;
  }
  return masked;
}

/// The fields every line starts with, the step next, then the others. What `data` brings under the same names does
/// not displace them.
OrderedJson line_of(OrderedJson envelope, const Json& data) {
  if (const auto step_id = data.find("step_id"); step_id != data.end()) envelope["step_id"] = *step_id;
  for (const auto& [name, value] : data.items()) {
    if (!envelope.contains(name)) envelope[name] = value;
  }
  return envelope;
}

}  // namespace

LineFile::LineFile(std::filesystem::path path)
    : m_path(std::move(path)), m_fd(::open(m_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
  if (!m_fd) fail(os_error(errno, fmt::format("cannot create '{}'", m_path.string())));
}

Result<void> LineFile::append(std::string_view line) {
  const std::string bytes = fmt::format("{}\n", line);
  const off_t start = ::lseek(m_fd.get(), 0, SEEK_END);
  ssize_t count = 0;
  do {
    count = ::write(m_fd.get(), bytes.data(), bytes.size());
  } while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(bytes.size())) return {};
  // A file takes less than it is given only when its disk is full.
  const int cause = count < 0 ? errno : ENOSPC;
  if (count > 0) std::ignore = ::ftruncate(m_fd.get(), start);
  return Failure(os_error(cause, fmt::format("cannot write '{}'", m_path.string())));
}

Record::Record(const std::filesystem::path& run_dir, std::string session_id, const config::Redactor& redactor,
               WallClock now, std::uint64_t last_seq)
    : m_session_id(std::move(session_id)),
      m_redactor(redactor),
      m_now(std::move(now)),
      m_events(run_dir / "events.jsonl"),
      m_metrics(run_dir / "metrics.jsonl"),
      m_commands(run_dir / "commands.jsonl"),
      m_log(run_dir / "spillway.log"),
      m_seq(last_seq) {}

std::string Record::stamp(std::string_view timestamp) const {
  return timestamp.empty() ? to_iso8601(m_now()) : std::string(timestamp);
}

void Record::event(std::string_view name, const Json& data, std::string_view timestamp) {
  const OrderedJson line = line_of(
      {{"ts", stamp(timestamp)}, {"session", m_session_id}, {"seq", m_seq + 1}, {"event", m_redactor.redact(name)}},
      m_redactor.redact(data));
  if (append(m_events, to_line(line))) ++m_seq;
}

void Record::metric(std::string_view name, const Json& value, const Json& tags, std::string_view timestamp) {
  const Json clean_tags = m_redactor.redact(tags);
  append(m_metrics, to_line(line_of({{"ts", stamp(timestamp)},
                                     {"session", m_session_id},
                                     {"metric", m_redactor.redact(name)},
                                     {"value", m_redactor.redact(value)},
                                     {"unit", clean_tags.value("unit", "")},
                                     {"step_id", clean_tags.value("step_id", Json())}},
                                    clean_tags)));
}

void Record::command(const protocol::Command& command) {
  const auto* prepare = std::get_if<protocol::PrepareCommand>(&command);
  const Json json = Json::parse(protocol::encode(
      prepare == nullptr ? command
                         : protocol::PrepareCommand{prepare->session_id, prepare->manifest,
                                                    masked_connections(prepare->connections), prepare->settings}));
  append(m_commands, to_line(line_of({{"ts", stamp({})}, {"session", m_session_id}, {"cmd", json["cmd"]}},
                                     m_redactor.redact(json))));
}

void Record::log(std::string_view text) { append(m_log, fmt::format("{} {}", stamp({}), m_redactor.redact(text))); }

bool Record::append(LineFile& file, std::string_view line) {
  const Result<void> written = file.append(line);
  if (!written && !m_first_error) m_first_error = written.error();
  return written.has_value();
}

}  // namespace spillway::run
