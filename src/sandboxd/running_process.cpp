#include "sandboxd/running_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "sandboxd/rpc_error.hpp"
#include "util/error.hpp"

namespace spillway::sandboxd {

using SteadyTime = std::chrono::steady_clock::time_point;

/// What a process and its readers share.
struct OutputState {
  std::mutex mutex;
  std::condition_variable changed;
  std::list<std::shared_ptr<OutputQueue>> queues;
  std::optional<ProcessEnd> end;  ///< of the process itself
  bool is_killed = false;         ///< its output is not waited for any longer than itself
  bool is_finished = false;       ///< all of its output was given to whoever reads
  bool is_abandoned = false;
  SteadyTime finished_at;
};

namespace {

constexpr std::size_t k_chunk = std::size_t{32} * 1024;
constexpr std::size_t k_most_waiting = 64;  // pieces a reader
constexpr std::chrono::seconds k_remembered{30};

}  // namespace

std::optional<ProcessOutput> OutputQueue::next(SteadyTime until) {
  std::unique_lock lock(m_state->mutex);
  m_state->changed.wait_until(lock, until, [&] { return !m_pieces.empty() || m_state->is_abandoned; });
  if (m_pieces.empty()) {
    if (m_state->is_abandoned) throw GoneAway();
    return std::nullopt;
  }
  ProcessOutput piece = std::move(m_pieces.front());
  m_pieces.pop_front();
  m_state->changed.notify_all();
  return piece;
}

RunningProcess::RunningProcess(ProcessConfig config, Fd in, Fd out, Fd err)
    : m_config(std::move(config)),
      m_in(std::move(in)),
      m_out(std::move(out)),
      m_err(std::move(err)),
      m_wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      m_state(std::make_shared<OutputState>()) {
  if (!m_wake) fail(os_error(errno, "cannot watch a process"));
  for (const Fd* fd : {&m_in, &m_out, &m_err}) {
    if (*fd) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  }
}

RunningProcess::~RunningProcess() {
  abandon();
  if (m_pump.joinable()) m_pump.join();
  // Each of them keeps the state, which keeps them.
  const std::scoped_lock lock(m_state->mutex);
  m_state->queues.clear();
}

void RunningProcess::begin(pid_t pid) {
  m_pid = pid;
  m_pump = std::thread([this] { pump(); });
}

std::shared_ptr<OutputQueue> RunningProcess::subscribe() {
  std::shared_ptr<OutputQueue> queue(new OutputQueue(m_state));
  const std::scoped_lock lock(m_state->mutex);
  // A late reader still learns how it ended.
  if (m_state->is_finished) queue->m_pieces.push_back({ProcessOutput::Kind::end, {}, *m_state->end});
  m_state->queues.push_back(queue);
  return queue;
}

void RunningProcess::unsubscribe(const std::shared_ptr<OutputQueue>& queue) {
  const std::scoped_lock lock(m_state->mutex);
  m_state->queues.remove(queue);
  m_state->changed.notify_all();
}

void RunningProcess::write_input(std::string_view bytes) {
  const std::scoped_lock lock(m_input);
  if (has_ended()) throw RpcError(RpcCode::not_found, fmt::format("process with pid {} not found", m_pid));
  while (!bytes.empty()) {
    if (!m_in) throw RpcError(RpcCode::internal, "error writing to stdin: stdin not enabled or closed");
    const ssize_t count = ::write(m_in.get(), bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) throw rpc_error_of(errno, "error writing to stdin");
    if (has_ended()) throw rpc_error_of(EPIPE, "error writing to stdin");
    constexpr int k_look_again_ms = 200;
    pollfd waited{m_in.get(), POLLOUT, 0};
    ::poll(&waited, 1, k_look_again_ms);
  }
}

void RunningProcess::close_input() {
  const std::scoped_lock lock(m_input);
  m_in.reset();
}

void RunningProcess::expect_end() {
  const std::scoped_lock lock(m_state->mutex);
  m_state->is_killed = true;
  ::eventfd_write(m_wake.get(), 1);
}

void RunningProcess::note_end(ProcessEnd end) {
  const std::scoped_lock lock(m_state->mutex);
  m_state->end = end;
  ::eventfd_write(m_wake.get(), 1);
}

void RunningProcess::abandon() {
  const std::scoped_lock lock(m_state->mutex);
  m_state->is_abandoned = true;
  m_state->changed.notify_all();
  ::eventfd_write(m_wake.get(), 1);
}

bool RunningProcess::has_ended() const {
  const std::scoped_lock lock(m_state->mutex);
  return m_state->end.has_value() || m_state->is_abandoned;
}

bool RunningProcess::is_forgotten() const {
  const std::scoped_lock lock(m_state->mutex);
  return m_state->is_finished && std::chrono::steady_clock::now() - m_state->finished_at > k_remembered;
}

void RunningProcess::publish(const ProcessOutput& piece) {
  std::unique_lock lock(m_state->mutex);
  const auto has_room = [&] {
    return m_state->is_abandoned || std::ranges::all_of(m_state->queues, [](const auto& queue) {
             return queue->m_pieces.size() < k_most_waiting;
           });
  };
  m_state->changed.wait(lock, has_room);
  for (const std::shared_ptr<OutputQueue>& queue : m_state->queues) queue->m_pieces.push_back(piece);
  m_state->changed.notify_all();
}

void RunningProcess::pump() {
  std::string chunk;
  bool is_killed = false;
  for (;;) {
    std::array<pollfd, 3> waited{{{m_out.get(), POLLIN, 0}, {m_err.get(), POLLIN, 0}, {m_wake.get(), POLLIN, 0}}};
    // Of one that was killed only what is there already is wanted.
    ::poll(waited.data(), waited.size(), is_killed ? 0 : -1);
    bool has_read = false;
    for (auto [fd, kind] :
         {std::pair(&m_out, ProcessOutput::Kind::out), std::pair(&m_err, ProcessOutput::Kind::err)}) {
      if (!*fd) continue;
      chunk.resize(k_chunk);
      const ssize_t count = ::read(fd->get(), chunk.data(), chunk.size());
      if (count < 0) continue;
      if (count == 0) {
        fd->reset();
        continue;
      }
      has_read = true;
      chunk.resize(static_cast<std::size_t>(count));
      publish({kind, chunk});
    }
    std::uint64_t ignored = 0;
    ::eventfd_read(m_wake.get(), &ignored);
    const std::scoped_lock lock(m_state->mutex);
    if (m_state->is_abandoned) return;
    is_killed = m_state->end && m_state->is_killed;
    const bool is_closed = !m_out && !m_err;
    if (m_state->end && !has_read && (is_closed || is_killed)) break;
  }
  finish();
}

void RunningProcess::finish() {
  close_input();
  m_out.reset();
  m_err.reset();
  std::unique_lock lock(m_state->mutex);
  const ProcessOutput piece{ProcessOutput::Kind::end, {}, *m_state->end};
  for (const std::shared_ptr<OutputQueue>& queue : m_state->queues) queue->m_pieces.push_back(piece);
  m_state->is_finished = true;
  m_state->finished_at = std::chrono::steady_clock::now();
  m_state->changed.notify_all();
}

}  // namespace spillway::sandboxd
