#include "sandbox/process_channel.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "config/wipe.hpp"
#include "protocol/codec.hpp"
#include "protocol/line_reader.hpp"
#include "sandbox/last_lines.hpp"
#include "util/file.hpp"
#include "util/sanitizer.hpp"
#include "util/strings.hpp"

namespace spillway::sandbox {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t k_read_bytes = 65536;
constexpr milliseconds k_drain_interval{20};
constexpr auto k_heartbeat_data = "heartbeat";
constexpr std::string_view k_oom_kills = "oom_kill ";  // of /proc/vmstat
/// A worker that sees its input end has this long to cancel its steps and to take its temporary files away.
constexpr milliseconds k_orphan_grace{1500};

/// What of the host's environment a worker may see. Settings travel in `prepare`, secrets in its `connections`.
constexpr std::array k_passed_variables{"LANG",         "LC_ALL",       "TZ",           "LD_LIBRARY_PATH",
                                        "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"};

/// Reads what is there; nothing when there is nothing, an empty text at the end.
std::optional<std::string> read_some(int fd) {
  std::string bytes(k_read_bytes, '\0');
  const ssize_t count = ::read(fd, bytes.data(), bytes.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return bytes;
}

milliseconds until(Clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(deadline - Clock::now()));
}

/// How often this machine's kernel has killed for want of memory.
std::uint64_t memory_kills_of_machine() {
  for (const std::string& line : split(read_file("/proc/vmstat").value_or(""), '\n')) {
    if (line.starts_with(k_oom_kills)) return parse_uint(line.substr(k_oom_kills.size())).value_or(0);
  }
  return 0;
}

std::string hint_for(int signal, bool may_be_memory) {
  if (signal == SIGKILL && may_be_memory) {
    return "this machine ran out of memory meanwhile: lower SPILLWAY_MEMORY_LIMIT (--memory-limit) so that more is "
           "spilled, or end other programs";
  }
  if (signal == SIGXCPU)
    return "its CPU time was used up: raise SPILLWAY_SANDBOX_CPU_SECONDS (--sandbox-cpu-seconds)";
  return {};
}

/// One thread, no locks: bytes move in send() and receive(). What waits to be sent is bounded by what a run sends (a
/// command for each running step), what waits to be taken by one read: a worker that sends faster than its host takes
/// waits at its pipe.
class ProcessChannel : public StreamChannel {
 public:
  explicit ProcessChannel(const WorkerProgram& program)
      : m_start_activity(program.start_activity),
        m_timeouts(program.timeouts),
        m_explain_death(program.explain_death),
        m_protocol_hint(program.protocol_hint),
        m_process(program.process) {}
  ProcessChannel(const ProcessChannel&) = delete;
  ProcessChannel& operator=(const ProcessChannel&) = delete;
  ~ProcessChannel() override { stop(); }

  void send(const protocol::Command& command) override {
    if (m_loss) fail(*m_loss);
    std::string line = protocol::to_wire(command);
    if (line.size() > protocol::k_max_line_bytes + 1) {
      fail(ErrorCode::protocol, fmt::format("cannot send a command of {} bytes: the limit is {} bytes",
                                            line.size() - 1, protocol::k_max_line_bytes));
    }
    m_outbox += line;
    config::wipe(line);  // it may hold connections
    flush();
  }

  std::string activity() const override { return m_has_spoken ? std::string() : m_start_activity; }

  void send_each(std::function<std::optional<protocol::Command>()> next) override { m_next = std::move(next); }

  std::optional<protocol::Message> receive(milliseconds timeout) override {
    flush();
    const Clock::time_point deadline = Clock::now() + timeout;
    for (;;) {
      refill();
      if (!m_inbox.empty()) {
        protocol::Message message = std::move(m_inbox.front());
        m_inbox.pop_front();
        return message;
      }
      if (m_loss) fail(*m_loss);
      if (!exchange(until(deadline))) watch();
      if (m_inbox.empty() && !m_loss && Clock::now() >= deadline) return std::nullopt;
    }
  }

 private:
  /// Moves bytes as soon as there are any, both ways. Whether the worker said something.
  bool exchange(milliseconds timeout) {
    std::array<pollfd, 3> polled{pollfd{m_process.out.get(), POLLIN, 0}, pollfd{m_process.err.get(), POLLIN, 0},
                                 pollfd{m_outbox.empty() ? -1 : m_process.in.get(), POLLOUT, 0}};
    const milliseconds longest = std::min(timeout, m_timeouts.heartbeat_interval);
    if (::poll(polled.data(), polled.size(), static_cast<int>(longest.count())) <= 0) return false;
    if (polled[2].revents != 0) flush();
    if (polled[1].revents != 0) read_errors();
    return polled[0].revents != 0 && read_messages();
  }

  /// One command at a time, so that messages and the caller have their turn while a worker takes as fast as it can.
  void refill() {
    if (!m_next || m_loss || !m_outbox.empty()) return;
    if (const std::optional<protocol::Command> command = m_next()) {
      send(*command);
    } else {
      m_next = nullptr;
    }
  }

  void flush() {
    while (!m_outbox.empty() && m_process.in) {
      const ssize_t count = ::write(m_process.in.get(), m_outbox.data() + m_sent, m_outbox.size() - m_sent);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count < 0) m_process.in.reset();  // it is gone, and the end of its output says how
      if (m_next) note_life();
      m_sent += count < 0 ? 0 : static_cast<std::size_t>(count);
      if (count < 0 || m_sent == m_outbox.size()) empty_outbox();
    }
  }

  void empty_outbox() {
    config::wipe(m_outbox);
    m_sent = 0;
  }

  bool read_messages() {
    const std::optional<std::string> bytes = read_some(m_process.out.get());
    if (!bytes) return false;
    if (bytes->empty()) {
      lose(death());
      return false;
    }
    m_last_heard = Clock::now();
    m_lines.append(*bytes);
    while (!m_loss && take_next()) {
    }
    if (m_lines.is_over_long() && !m_loss) take(Failure(m_lines.take_rest()->error()));
    return true;
  }

  /// Takes a message, or the bytes that follow one; false when more has to come.
  bool take_next() {
    if (m_awaiting_bytes != 0) {
      std::optional<std::string> bytes = m_lines.take_bytes(m_awaiting_bytes);
      if (!bytes) return false;
      m_inbox.emplace_back(protocol::FilesData{std::exchange(m_awaiting_bytes, 0), std::move(*bytes)});
      return true;
    }
    const std::optional<Result<std::string>> line = m_lines.next();
    if (line) take(*line ? protocol::decode_message(**line) : Failure(line->error()));
    return line.has_value();
  }

  void take(Result<protocol::Message> message) {
    if (!message) {
      lose(make_error(ErrorCode::sandbox,
                      fmt::format("the worker broke the protocol: {}", message.error().full_message()),
                      m_protocol_hint));
      return;
    }
    m_has_spoken = true;
    if (const auto* data = std::get_if<protocol::FilesData>(&*message)) {
      m_awaiting_bytes = data->size;
      return;
    }
    if (const auto* response = std::get_if<protocol::Response>(&*message)) {
      if (response->status == "pong" && response->body.value("echo", protocol::Json()) == k_heartbeat_data) {
        m_pinged.reset();
        return;
      }
    }
    m_inbox.push_back(std::move(*message));
  }

  void read_errors() {
    const std::optional<std::string> bytes = read_some(m_process.err.get());
    if (!bytes) return;
    if (bytes->empty()) m_process.err.reset();
    m_last_words.append(*bytes);
  }

  /// The watchdog: asks a worker that is silent whether it lives, and stops waiting for one that does not say.
  void watch() {
    if (m_loss) return;
    const Clock::time_point now = Clock::now();
    if (!m_has_spoken && m_timeouts.start_timeout) {
      if (now - m_started >= *m_timeouts.start_timeout) lose(silence("said nothing", *m_timeouts.start_timeout));
    } else if (!m_pinged && now - m_last_heard >= m_timeouts.heartbeat_interval) {
      m_pinged = now;
      send(protocol::PingCommand{k_heartbeat_data});
    } else if (m_pinged && now - *m_pinged >= m_timeouts.pong_timeout) {
      lose(silence("did not answer a ping", m_timeouts.pong_timeout));
    }
  }

  /// A worker that takes what it is sent is alive, also when it has nothing to say.
  void note_life() {
    m_last_heard = Clock::now();
    if (m_pinged) m_pinged = m_last_heard;
  }

  Error silence(std::string_view what, milliseconds time) {
    if (std::optional<Error> explained = explained_death({{}, {}, m_has_spoken, true})) return std::move(*explained);
    return make_error(ErrorCode::sandbox,
                      fmt::format("the worker does not respond: it {} within {} ms", what, time.count()));
  }

  std::optional<Error> explained_death(WorkerDeath death) {
    drain_errors();
    death.last_words = m_last_words.lines();
    return m_explain_death ? m_explain_death(death) : std::nullopt;
  }

  /// Why the worker's output ended.
  Error death() {
    WorkerDeath death{m_process.wait(m_timeouts.exit_grace), {}, m_has_spoken};
    if (std::optional<Error> explained = explained_death(death)) return std::move(*explained);
    death.last_words = m_last_words.lines();
    std::string text = death.status ? fmt::format("the worker ended: {}", death.status->to_string())
                                    : "the worker closed its output without ending";
    const int signal = death.status ? death.status->killed_by() : 0;
    if (signal == SIGKILL) text += fmt::format(", having taken {}", human_bytes(death.status->peak_memory_bytes));
    if (m_lines.take_rest()) text += ", in the middle of a message";
    if (!death.last_words.empty()) text += "; its last words:";
    for (const std::string& line : death.last_words) text += "\n    " + line;
    return make_error(ErrorCode::sandbox, std::move(text),
                      hint_for(signal, memory_kills_of_machine() > m_memory_kills));
  }

  /// Nothing is expected of the worker any more.
  void lose(Error error) {
    m_loss = std::move(error);
    m_process.in.reset();
    empty_outbox();
    m_next = nullptr;
    m_process.send_signal(SIGKILL);
  }

  void drain_errors() {
    while (m_process.err) {
      const std::optional<std::string> bytes = read_some(m_process.err.get());
      if (!bytes || bytes->empty()) return;
      m_last_words.append(*bytes);
    }
  }

  /// The stop ladder, from where the run has left it: the worker was told to clean up, or to cancel, or nothing.
  void stop() {
    m_process.in.reset();
    if (m_loss || ends_within(m_timeouts.close_grace)) return;
    m_process.send_signal(SIGTERM);
    ends_within(m_timeouts.term_grace);  // and then SIGKILL, from the process's destructor
  }

  bool ends_within(milliseconds grace) {
    const Clock::time_point deadline = Clock::now() + grace;
    do {
      // One that is still writing has to get rid of it.
      for (const Fd* fd : {&m_process.out, &m_process.err}) {
        while (*fd && !read_some(fd->get()).value_or("").empty()) {
        }
      }
      if (m_process.wait(std::min(k_drain_interval, until(deadline)))) return true;
    } while (Clock::now() < deadline);
    return false;
  }

  std::string m_start_activity;
  ChannelTimeouts m_timeouts;
  std::function<std::optional<Error>(const WorkerDeath&)> m_explain_death;
  std::string m_protocol_hint;
  ChildProcess m_process;
  std::string m_outbox;
  std::size_t m_sent = 0;                                    ///< bytes of it that the worker's pipe has taken
  std::function<std::optional<protocol::Command>()> m_next;  ///< the rest of what is sent piece by piece
  protocol::LineBuffer m_lines;
  std::size_t m_awaiting_bytes = 0;  ///< that follow the last line
  std::deque<protocol::Message> m_inbox;
  LastLines m_last_words;
  bool m_has_spoken = false;
  Clock::time_point m_started = Clock::now();
  Clock::time_point m_last_heard = m_started;
  std::uint64_t m_memory_kills = memory_kills_of_machine();  ///< when it started
  std::optional<Clock::time_point> m_pinged;                 ///< when; until it answers
  std::optional<Error> m_loss;                               ///< why there is no worker any more
};

}  // namespace

std::unique_ptr<StreamChannel> open_process_channel(const WorkerProgram& program) {
  return std::make_unique<ProcessChannel>(program);
}

WorkerProgram worker_program(const RunPlace& place) {
  WorkerProgram program;
  program.is_sanitized = k_is_sanitized;
  ProcessSpec& spec = program.process;
  spec.arguments = {std::filesystem::read_symlink("/proc/self/exe").string(), "worker"};
  for (const char* name : k_passed_variables) {
    if (const char* value = std::getenv(name)) spec.environment.push_back(fmt::format("{}={}", name, value));
  }
  spec.orphan_grace = k_orphan_grace;
  spec.guard_descriptor = place.lock_descriptor;
  return program;
}

std::unique_ptr<Channel> open_worker_process(const RunPlace& place) {
  return open_process_channel(worker_program(place));
}

}  // namespace spillway::sandbox
