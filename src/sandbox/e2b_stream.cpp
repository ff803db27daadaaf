#include "sandbox/e2b_stream.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <future>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "config/wipe.hpp"
#include "e2b/attempts.hpp"
#include "e2b/bundle.hpp"
#include "e2b/lease.hpp"
#include "e2b/owner.hpp"
#include "e2b/process_rpc.hpp"
#include "protocol/codec.hpp"
#include "protocol/numbered_lines.hpp"
#include "sandbox/e2b_errors.hpp"
#include "sandbox/e2b_transfers.hpp"
#include "sandbox/last_lines.hpp"
#include "util/file.hpp"
#include "util/retry.hpp"
#include "util/strings.hpp"

namespace spillway::sandbox {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto k_alive_data = "heartbeat";
constexpr milliseconds k_most_quiet = seconds(15);
constexpr milliseconds k_most_pong_time = seconds(60);
/// Commands that wait go in one request, up to this size.
constexpr std::size_t k_most_input_bytes = std::size_t{1024} * 1024;
/// What the host has taken and not acknowledged, before it says so without having anything else to say.
constexpr std::size_t k_most_unacknowledged_bytes = std::size_t{4} * 1024 * 1024;
/// A stream of files goes in parts: the first one is small and shows how fast the wire is.
constexpr std::size_t k_first_part_bytes = std::size_t{1024} * 1024;
constexpr std::size_t k_part_bytes = std::size_t{16} * 1024 * 1024;
/// That a run takes too long is told here, before its sandbox ends by itself.
constexpr seconds k_life_after_run{15};
/// In a row, without anything that came in between.
const RetryPolicy k_reconnects{.attempts = 10, .first_delay = milliseconds(100), .longest_delay = seconds(5)};
const RetryPolicy k_inputs{.attempts = 10, .first_delay = milliseconds(100), .longest_delay = seconds(5)};

/// Three kinds of threads, and a monitor between them. The caller's makes commands and takes messages; one makes the
/// sandbox, then listens to the worker; one sends the worker its input, a request at a time. Transfers has its own.
class E2bStream : public StreamChannel {
 public:
  explicit E2bStream(E2bPlan plan)
      : m_plan(std::move(plan)),
        m_transfers(m_plan.settings, m_monitor, m_cancel, [this](Error error) { lose(std::move(error)); }),
        m_listener([this] { listen(); }),
        m_sender([this] { send_commands(); }) {}
  E2bStream(const E2bStream&) = delete;
  E2bStream& operator=(const E2bStream&) = delete;

  ~E2bStream() override {
    {
      const std::scoped_lock lock(m_monitor.mutex);
      m_has_ended = true;
    }
    m_cancel.cancel();
    m_monitor.changed.notify_all();
    // Deleting the sandbox ends whatever is still under way in it.
    if (is_made()) m_lease->end();
    m_listener.join();
    m_sender.join();
    for (Outgoing& command : m_commands) config::wipe(command.text);
  }

  void send(const protocol::Command& command) override {
    std::string text = protocol::encode(command);
    if (text.size() > protocol::k_max_line_bytes) {
      fail(ErrorCode::protocol, fmt::format("cannot send a command of {} bytes: the limit is {} bytes", text.size(),
                                            protocol::k_max_line_bytes));
    }
    push({std::move(text)});
  }

  void send_each(std::function<std::optional<protocol::Command>()> next) override { m_next = std::move(next); }

  std::optional<protocol::Message> receive(milliseconds timeout) override {
    const Clock::time_point deadline = Clock::now() + timeout;
    for (;;) {
      make_parts();
      std::unique_lock lock(m_monitor.mutex);
      if (std::optional<protocol::Message> message = take_message()) {
        acknowledge();
        lock.unlock();
        m_monitor.changed.notify_all();
        return message;
      }
      if (m_loss) fail(*m_loss);
      lock.unlock();
      watch();
      lock.lock();
      if (Clock::now() >= deadline) return std::nullopt;
      m_monitor.changed.wait_until(lock, deadline, [this] { return has_message() || m_loss || may_make_part(); });
    }
  }

  std::string activity() const override {
    const std::scoped_lock lock(m_monitor.mutex);
    return m_activity;
  }

 private:
  struct Outgoing {
    std::string text;      ///< encoded, without its number
    bool is_ready = true;  ///< false: a part that is not there yet
  };
  struct Incoming {
    std::uint64_t seq = 0;
    std::size_t bytes = 0;
    protocol::Message message;
    std::shared_ptr<Download> download = {};  ///< of a FilesAt
    bool is_pong = false;                     ///< that only this object waits for
  };

  // The caller's thread.

  void push(Outgoing command) {
    {
      const std::scoped_lock lock(m_monitor.mutex);
      if (m_loss) fail(*m_loss);
      m_commands.push_back(std::move(command));
    }
    m_monitor.changed.notify_all();
  }

  bool may_make_part() const { return m_next != nullptr && m_transfers.has_room(); }

  /// Makes parts of the stream of files for as long as there is room for what waits to be sent.
  void make_parts() {
    while (m_next) {
      {
        const std::scoped_lock lock(m_monitor.mutex);
        if (m_loss || !may_make_part()) return;
      }
      std::optional<protocol::Command> command = m_next();
      if (!command) {
        m_next = nullptr;
      } else if (auto* data = std::get_if<protocol::FilesData>(&*command)) {
        if (m_part.empty() && m_parts != 0) m_part.reserve(k_part_bytes + data->bytes.size());
        m_part += data->bytes;
        if (m_part.size() >= (m_parts == 0 ? k_first_part_bytes : k_part_bytes)) end_part();
      } else {
        if (!m_part.empty()) end_part();
        send(*command);
      }
    }
  }

  void end_part() {
    if (m_parts == 0 && m_part.size() <= protocol::k_max_inline_bytes) {
      return send(protocol::FilesInline{std::exchange(m_part, {})});
    }
    const std::string path =
        fmt::format("/tmp/{}/part-{}", m_plan.sandbox.metadata.at(e2b::k_session_key), m_parts++);
    std::size_t place = 0;
    {
      const std::scoped_lock lock(m_monitor.mutex);
      m_commands.push_back({protocol::encode(protocol::Command(protocol::FilesAt{path, m_part.size()})), false});
      place = m_commands_sent + m_commands.size() - 1;
    }
    m_transfers.upload(path, std::exchange(m_part, {}), Transfers::Content::plain,
                       [this, place] { m_commands.at(place - m_commands_sent).is_ready = true; });
  }

  bool has_message() const {
    return !m_inbox.empty() && (!m_inbox.front().download || !m_inbox.front().download->pieces.empty() ||
                                m_inbox.front().download->left_bytes == 0);
  }

  /// The next message, if it is there; of a file that is fetched its next piece.
  std::optional<protocol::Message> take_message() {
    while (has_message()) {
      Incoming& front = m_inbox.front();
      if (Download* download = front.download.get(); download != nullptr && download->left_bytes != 0) {
        protocol::FilesData data{0, std::move(download->pieces.front())};
        download->pieces.pop_front();
        download->waiting_bytes -= data.bytes.size();
        download->left_bytes -= data.bytes.size();
        m_last_heard = Clock::now();
        return data;
      }
      m_taken = front.seq;
      m_taken_bytes += front.bytes;
      const bool is_passed_on = !front.download && !front.is_pong;
      protocol::Message message = std::move(front.message);
      m_inbox.pop_front();
      if (is_passed_on) return message;
    }
    return std::nullopt;
  }

  /// Says what was taken, where no command that goes anyway will say it soon enough.
  void acknowledge() {
    if (m_taken_bytes < k_most_unacknowledged_bytes || !m_commands.empty()) return;
    m_commands.push_back(ping());
  }

  static Outgoing ping() { return {protocol::encode(protocol::Command(protocol::PingCommand{k_alive_data}))}; }

  /// Whether the worker lives: its machine does for as long as the stream does.
  void watch() {
    const Clock::time_point now = Clock::now();
    std::optional<Error> loss;
    {
      const std::scoped_lock lock(m_monitor.mutex);
      if (m_loss) return;
      if (now - m_started >= m_plan.longest) {
        loss = e2b_run_took_too_long(m_plan.longest);
      } else if (!m_has_spoken) {
        if (now - m_started >= m_plan.start_timeout) loss = e2b_start_took_too_long(m_plan.start_timeout, m_activity);
      } else if (!m_pinged && now - m_last_heard >= k_most_quiet && m_commands.empty()) {
        m_pinged = now;
        m_commands.push_back(ping());
        m_monitor.changed.notify_all();
      } else if (m_pinged && now - std::max(*m_pinged, m_last_heard) >= k_most_pong_time) {
        loss = e2b_worker_is_silent(k_most_pong_time);
      }
    }
    if (loss) lose(std::move(*loss));
  }

  // Any thread.

  /// Nothing is expected of the worker any more.
  void lose(Error error) {
    {
      const std::scoped_lock lock(m_monitor.mutex);
      if (m_has_ended || m_loss) return;
      m_loss = std::move(error);
      // A service that cannot be reached is no connection of the pipeline's.
      if (m_loss->code == ErrorCode::connection) m_loss->code = ErrorCode::sandbox;
      for (Outgoing& command : m_commands) config::wipe(command.text);
    }
    m_monitor.changed.notify_all();
  }

  bool is_over() {
    const std::scoped_lock lock(m_monitor.mutex);
    return m_has_ended || m_loss;
  }

  bool is_made() {
    const std::scoped_lock lock(m_monitor.mutex);
    return m_is_made;
  }

  void be_busy_with(std::string activity) {
    const std::scoped_lock lock(m_monitor.mutex);
    m_activity = std::move(activity);
  }

  // The listener's thread.

  void listen() {
    try {
      start_worker();
    } catch (...) {
      lose(current_error());
    }
  }

  void start_worker() {
    // Made at the same time, when it is not in the cache.
    std::future<e2b::Bundle> packing =
        std::async(std::launch::async, [] { return e2b::make_bundle(e2b::bundle_cache()); });
    be_busy_with(fmt::format("creating a sandbox of template {}", m_plan.sandbox.template_id));
    m_lease.emplace(m_plan.settings, m_plan.sandbox, m_plan.longest + k_life_after_run, m_cancel);
    {
      const std::scoped_lock lock(m_monitor.mutex);
      m_is_made = true;
      if (m_has_ended) return;
    }
    m_transfers.start(m_lease->sandbox());
    be_busy_with("packing the worker");
    m_bundle = packing.get();
    be_busy_with("starting the worker");
    e2b::ProcessRpc rpc(m_plan.settings, m_lease->sandbox(), m_cancel);
    const auto handler = [this](const e2b::ProcessEvent& event) {
      std::visit([this](const auto& told) { hear(told); }, event);
    };
    const e2b::ProcessRequest request{
        e2b::bundle_command(m_bundle, {"worker", "--numbered"}), m_plan.environment, {}};
    auto stream = rpc.start(request, handler);
    int cuts = 0;  // without anything that came since
    while (!is_over()) {
      if (m_end) return lose(e2b_worker_ended(*m_end, m_last_words.lines(), rpc.data_plane()));
      if (stream) return lose(e2b_worker_vanished());
      const e2b::RequestError cut = stream.error();
      if (cut.fault == e2b::Fault::gone) return lose(e2b_sandbox_is_gone(cut.error));
      if (cut.fault == e2b::Fault::no_such) return lose(e2b_worker_vanished());
      if (cut.fault != e2b::Fault::interrupted && cut.fault != e2b::Fault::busy) fail(cut.error);
      if (std::exchange(m_has_heard, false)) cuts = 0;
      if (++cuts >= k_reconnects.attempts) return lose(e2b_sandbox_is_out_of_reach(cut.error));
      if (cuts > 1 || cut.fault == e2b::Fault::busy) e2b::wait_before_retry(k_reconnects, cuts, cut, m_cancel);
      stream = take_up(rpc, request, handler);
    }
  }

  /// Goes on listening to the worker, or starts one when there is none: the answer to a start may have been lost.
  e2b::Answer<void> take_up(e2b::ProcessRpc& rpc, const e2b::ProcessRequest& request,
                            const e2b::ProcessRpc::Handler& handler) {
    if (auto health = rpc.data_plane().check_health(); !health) return health;
    std::uint32_t pid = m_pid;
    if (pid == 0) {
      const auto processes = rpc.list();
      if (!processes) return tl::unexpected(processes.error());
      for (const e2b::RunningProcess& one : *processes) {
        if (std::ranges::find(one.arguments, "--numbered") != one.arguments.end()) pid = one.pid;
      }
    }
    if (pid == 0) return rpc.start(request, handler);
    m_incoming.cut();
    m_first_words.clear();
    if (!m_is_placed) send_bundle();
    m_is_resuming = true;
    return rpc.connect(pid, handler);
  }

  void hear(const e2b::ProcessStarted& started) {
    {
      const std::scoped_lock lock(m_monitor.mutex);
      m_pid = started.pid;
      if (std::exchange(m_is_resuming, false)) m_resume_after = m_incoming.last();
    }
    m_monitor.changed.notify_all();
  }
  void hear(const e2b::ProcessOutput& output) {
    m_has_heard = true;
    if (output.stream == e2b::ProcessOutput::Stream::err) return m_last_words.append(output.bytes);
    if (m_is_placed) return take_lines(output.bytes);
    m_first_words += output.bytes;
    const std::size_t end = m_first_words.find('\n');
    if (end != std::string::npos) take_first_line(end);
  }
  void hear(const e2b::ProcessEnded& ended) { m_end = ended; }
  void hear(const e2b::ProcessKeepAlive&) {}

  /// Whether the sandbox has the bundle.
  void take_first_line(std::size_t end) {
    const std::string line = m_first_words.substr(0, end);
    if (line == e2b::k_bundle_is_here) {
      let_commands_go();
    } else if (line == e2b::k_bundle_is_missing) {
      send_bundle();
    } else {
      fail(ErrorCode::sandbox,
           fmt::format("the sandbox says '{}' where a worker was to start", to_valid_utf8(line.substr(0, 200))),
           "the template needs /bin/sh, tar and gzip");
    }
    take_lines(std::exchange(m_first_words, {}).substr(end + 1));
  }

  /// Also when a cut has hidden whether the sandbox has it: a worker that runs ignores the lines that tell of parts.
  void send_bundle() {
    m_is_placed = true;
    be_busy_with("sending the worker");
    const auto left = std::make_shared<std::size_t>(m_bundle.parts.size());
    for (std::size_t part = 0; part < m_bundle.parts.size(); ++part) {
      m_transfers.upload(e2b::bundle_part_path(m_bundle, part), value_or_throw(read_file(m_bundle.parts[part].file)),
                         Transfers::Content::packed, [this, part, left] {
                           m_starters += e2b::bundle_part_line(part);
                           if (--*left == 0) m_may_send = true;
                         });
    }
  }

  void let_commands_go() {
    {
      const std::scoped_lock lock(m_monitor.mutex);
      m_may_send = true;
    }
    m_is_placed = true;
    m_monitor.changed.notify_all();
  }

  void take_lines(std::string_view bytes) {
    m_incoming.append(bytes);
    while (const std::optional<Result<std::string>> line = m_incoming.next()) {
      Result<protocol::Message> message = *line ? protocol::decode_message(**line) : Failure(line->error());
      if (!message) {
        fail(ErrorCode::sandbox, fmt::format("the worker broke the protocol: {}", message.error().full_message()));
      }
      take(std::move(*message), (*line)->size());
    }
    if (!m_incoming.has_gap()) m_has_asked = false;
    if (!m_incoming.has_gap() || std::exchange(m_has_asked, true)) return;
    {
      const std::scoped_lock lock(m_monitor.mutex);
      m_resume_after = m_incoming.last();
    }
    m_monitor.changed.notify_all();
  }

  void take(protocol::Message message, std::size_t bytes) {
    Incoming incoming{m_incoming.last(), bytes, std::move(message)};
    if (const auto* at = std::get_if<protocol::FilesAt>(&incoming.message)) {
      incoming.download = m_transfers.download(at->path, at->bytes);
    }
    {
      const std::scoped_lock lock(m_monitor.mutex);
      m_has_spoken = true;
      m_last_heard = Clock::now();
      incoming.is_pong = is_pong(incoming.message);
      if (incoming.is_pong) m_pinged.reset();
      m_inbox.push_back(std::move(incoming));
    }
    m_monitor.changed.notify_all();
  }

  static bool is_pong(const protocol::Message& message) {
    const auto* response = std::get_if<protocol::Response>(&message);
    return response != nullptr && response->status == "pong" &&
           response->body.value("echo", protocol::Json()) == k_alive_data;
  }

  // The sender's thread.

  void send_commands() {
    try {
      std::optional<e2b::ProcessRpc> rpc;
      bool is_sent = true;
      while (is_sent && wait_for_input()) {
        if (!rpc) rpc.emplace(m_plan.settings, m_lease->sandbox(), m_cancel);
        is_sent = deliver(*rpc, m_input_pid, m_input);
        config::wipe(m_input);  // it may hold connections
      }
    } catch (...) {
      lose(current_error());
    }
  }

  /// Takes what there is to be sent; false when nothing more will be.
  bool wait_for_input() {
    std::unique_lock lock(m_monitor.mutex);
    m_monitor.changed.wait(lock, [this] { return m_has_ended || m_loss || (m_pid != 0 && may_send()); });
    if (m_has_ended || m_loss) return false;
    m_input = take_input();
    m_input_pid = m_pid;
    return true;
  }

  bool may_send() const { return !m_starters.empty() || (m_may_send && (m_resume_after || may_send_command())); }
  /// What only says that files come waits for the first of them: a request less.
  bool may_send_command() const {
    if (m_commands.empty() || !m_commands.front().is_ready) return false;
    return m_last_seq != 0 || m_commands.size() == 1 || m_commands[1].is_ready;
  }

  /// The lines that wait, as many as one request takes.
  std::string take_input() {
    std::string input = std::exchange(m_starters, {});
    if (!m_may_send) return input;
    if (m_resume_after) {
      // What has come since is not asked for again: the worker forgets what it is told was taken.
      const std::uint64_t after = std::max(*m_resume_after, m_taken);
      append_line(protocol::encode(protocol::Command(protocol::ResumeCommand{after})), input);
    }
    m_resume_after.reset();
    while (may_send_command()) {
      std::string& text = m_commands.front().text;
      if (!input.empty() && input.size() + text.size() > k_most_input_bytes) break;
      append_line(text, input);
      config::wipe(text);
      m_commands.pop_front();
      ++m_commands_sent;
    }
    return input;
  }

  void append_line(std::string_view text, std::string& input) {
    std::string line = protocol::numbered(text, ++m_last_seq, m_taken) + "\n";
    m_taken_bytes = 0;
    m_activity.clear();  // from here on the worker may be at work
    // A text that grows leaves what it had in memory, where nobody wipes it.
    std::string longer;
    longer.reserve(input.size() + line.size());
    longer.append(input).append(line);
    config::wipe(input);
    config::wipe(line);
    input = std::move(longer);
  }

  /// Sends it until it has come for certain; false when there is nobody any more to send it to.
  bool deliver(e2b::ProcessRpc& rpc, std::uint32_t pid, std::string& input) {
    for (int attempt = 1;; ++attempt) {
      const auto sent = rpc.send_input(pid, input);
      if (sent) return true;
      const e2b::RequestError& failure = sent.error();
      // How the worker ended its stream tells.
      if (failure.fault == e2b::Fault::no_such) return false;
      if (failure.fault == e2b::Fault::gone) {
        lose(e2b_sandbox_is_gone(failure.error));
        return false;
      }
      if (!failure.error.retryable) fail(failure.error);
      if (attempt >= k_inputs.attempts) {
        lose(e2b_sandbox_is_out_of_reach(failure.error));
        return false;
      }
      e2b::wait_before_retry(k_inputs, attempt, failure, m_cancel);
      if (is_over()) return false;
      // A part of it may have come.
      if (attempt == 1) input.insert(0, 1, '\n');
    }
  }

  E2bPlan m_plan;
  CancelToken m_cancel;
  mutable Monitor m_monitor;

  // The caller's.
  std::function<std::optional<protocol::Command>()> m_next;  ///< the rest of a stream of files
  std::string m_part;
  std::size_t m_parts = 0;
  Clock::time_point m_started = Clock::now();

  // Under the monitor's lock.
  std::string m_starters;  ///< lines for what starts the worker
  std::deque<Outgoing> m_commands;
  std::size_t m_commands_sent = 0;  ///< of m_commands
  std::deque<Incoming> m_inbox;
  std::uint64_t m_last_seq = 0;   ///< of the last command
  std::uint64_t m_taken = 0;      ///< the last message that the caller has
  std::size_t m_taken_bytes = 0;  ///< since that was told
  std::string m_activity;
  std::optional<Error> m_loss;                ///< why there is no worker any more
  std::optional<Clock::time_point> m_pinged;  ///< when; until it answers
  Clock::time_point m_last_heard = m_started;
  std::uint32_t m_pid = 0;                      ///< of the worker; 0: there is none yet
  std::optional<std::uint64_t> m_resume_after;  ///< what came is to be followed by what was lost
  bool m_may_send = false;                      ///< the worker reads, not what starts it
  bool m_has_spoken = false;
  bool m_is_made = false;  ///< the sandbox
  bool m_has_ended = false;

  // The listener's.
  std::optional<e2b::Lease> m_lease;
  e2b::Bundle m_bundle;
  std::string m_first_words;  ///< of the output, until it is known whether the sandbox has the bundle
  protocol::IncomingLines m_incoming;
  LastLines m_last_words;
  std::optional<e2b::ProcessEnded> m_end;
  bool m_is_placed = false;
  bool m_is_resuming = false;
  bool m_has_heard = false;
  bool m_has_asked = false;

  // The sender's.
  std::string m_input;  ///< what is being sent, and to whom
  std::uint32_t m_input_pid = 0;

  Transfers m_transfers;
  std::thread m_listener;
  std::thread m_sender;
};

}  // namespace

std::unique_ptr<StreamChannel> open_e2b_stream(E2bPlan plan) { return std::make_unique<E2bStream>(std::move(plan)); }

}  // namespace spillway::sandbox
