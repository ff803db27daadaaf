#include "sandboxd/sandbox.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "sandboxd/rpc_error.hpp"
#include "util/error.hpp"

namespace spillway::sandboxd {
namespace {

constexpr std::chrono::seconds k_agent_patience{60};
constexpr std::size_t k_most_processes = 256;
constexpr std::size_t k_most_early_ends = 16;

RpcError gone() { return {RpcCode::unavailable, "the sandbox is gone"}; }

std::pair<Fd, Fd> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw rpc_error_of(errno, "cannot make a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

/// A number that the agent tells; 0 when it tells none.
std::uint64_t number_in(const Json& content, const char* name) {
  const auto found = content.find(name);
  return found != content.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string text_in(const Json& content, const char* name) {
  const auto found = content.find(name);
  return found != content.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Whether it is what it is taken for: whoever has taken the agent over could hand over a pipe, which would never
/// end, or a file that the kernel makes up for its reader.
OpenFile checked(Fd file) {
  struct stat info {};
  struct statfs system {};
  if (!file || ::fstat(file.get(), &info) != 0 || ::fstatfs(file.get(), &system) != 0 || !S_ISREG(info.st_mode)) {
    throw RpcError(RpcCode::internal, "the sandbox's agent handed over no file");
  }
  if (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC) {
    throw RpcError(RpcCode::permission_denied, "files of the kernel are read by a command");
  }
  return {std::move(file),
          {},
          static_cast<std::uint64_t>(info.st_size),
          WallTime{std::chrono::duration_cast<WallTime::duration>(std::chrono::seconds(info.st_mtim.tv_sec))}};
}

}  // namespace

Sandbox::Sandbox(SandboxIdentity identity, Fd socket, std::uint64_t disk_bytes, std::uint64_t process_memory_bytes,
                 std::function<void()> on_end)
    : m_identity(std::move(identity)),
      m_disk_bytes(disk_bytes),
      m_process_memory_bytes(process_memory_bytes),
      m_on_end(std::move(on_end)),
      m_socket(std::move(socket)),
      m_listener([this] { listen(); }) {}

Sandbox::~Sandbox() {
  end();
  m_listener.join();
}

bool Sandbox::wait_until_ready(std::chrono::seconds patience) {
  std::unique_lock lock(m_mutex);
  m_changed.wait_for(lock, patience, [&] { return m_is_ready || m_is_gone; });
  return m_is_ready && !m_is_gone;
}

bool Sandbox::is_gone() {
  const std::scoped_lock lock(m_mutex);
  return m_is_gone;
}

void Sandbox::end() {
  {
    const std::scoped_lock lock(m_mutex);
    m_is_gone = true;
    for (const auto& [pid, process] : m_processes) process->abandon();
    m_changed.notify_all();
  }
  m_socket.shut_down();
}

void Sandbox::listen() {
  try {
    while (std::optional<AgentMessage> message = m_socket.receive()) {
      const std::uint64_t id = number_in(message->content, "id");
      const std::scoped_lock lock(m_mutex);
      if (message->content.contains("ready")) m_is_ready = true;
      if (message->content.contains("ended")) note_end(message->content);
      if (const auto asked = m_answers.find(id); asked != m_answers.end()) asked->second = std::move(*message);
      m_changed.notify_all();
    }
  } catch (const std::exception&) {
    // What talks nonsense is no agent any more.
  }
  end();
  m_on_end();
}

void Sandbox::note_end(const Json& event) {
  const auto pid = static_cast<pid_t>(number_in(event, "ended"));
  const ProcessEnd how{static_cast<int>(number_in(event, "exit_code")), static_cast<int>(number_in(event, "signal"))};
  if (const auto found = m_processes.find(pid); found != m_processes.end() && !found->second->has_ended()) {
    found->second->note_end(how);
  } else if (m_early_ends.size() < k_most_early_ends) {
    m_early_ends[pid] = how;
  }
}

AgentMessage Sandbox::ask(Json request, std::span<const int> descriptors) {
  std::unique_lock lock(m_mutex);
  if (m_is_gone) throw gone();
  const std::uint64_t id = ++m_last_id;
  request["id"] = id;
  m_answers[id] = std::nullopt;
  lock.unlock();
  try {
    m_socket.send(request, descriptors);
  } catch (const Exception&) {
    end();
  }
  lock.lock();
  const auto is_answered = [&] { return m_is_gone || m_answers[id].has_value(); };
  m_changed.wait_for(lock, k_agent_patience, is_answered);
  std::optional<AgentMessage> answer = std::move(m_answers[id]);
  m_answers.erase(id);
  lock.unlock();
  if (!answer) {
    // One that does not answer is not waited for a second time.
    end();
    throw gone();
  }
  if (const auto error = answer->content.find("error"); error != answer->content.end()) {
    throw RpcError(rpc_code_from_string(text_in(*error, "code")), text_in(*error, "message"));
  }
  return std::move(*answer);
}

OpenFile Sandbox::open(const char* action, const std::string& path) {
  AgentMessage answer = ask({{"do", action}, {"path", path}}, {});
  OpenFile open = checked(answer.descriptors.empty() ? Fd() : std::move(answer.descriptors.front()));
  open.path = text_in(answer.content, "path");
  return open;
}

OpenFile Sandbox::open_to_read(const std::string& path) { return open("read", path); }

OpenFile Sandbox::open_to_write(const std::string& path) {
  OpenFile open = this->open("write", path);
  // On the sandbox's own disk, and not in memory that is on none and so has no limit.
  struct statfs disk {};
  ::fstatfs(open.file.get(), &disk);
  const std::uint64_t size = disk.f_blocks * static_cast<std::uint64_t>(disk.f_bsize);
  if (disk.f_type != TMPFS_MAGIC || size == 0 || size > m_disk_bytes + static_cast<std::uint64_t>(disk.f_bsize)) {
    throw RpcError(RpcCode::permission_denied, fmt::format("path '{}' is not on the sandbox's disk", path));
  }
  return open;
}

Usage Sandbox::measure() {
  const Json answer = ask({{"do", "measure"}});
  Usage usage{number_in(answer, "memory_bytes"), number_in(answer, "disk_used"), number_in(answer, "disk_total")};
  const std::uint64_t cpu_milliseconds = number_in(answer, "cpu_milliseconds");
  const auto now = std::chrono::steady_clock::now();
  const std::scoped_lock lock(m_mutex);
  const double elapsed = std::chrono::duration<double, std::milli>(now - m_measured_at).count();
  // Of a process whose parent did not wait for it the time is gone with it.
  if (cpu_milliseconds > m_measured_cpu_milliseconds && elapsed > 0) {
    const auto used = static_cast<double>(cpu_milliseconds - m_measured_cpu_milliseconds);
    usage.cpu_percent = std::min(100.0, 100.0 * used / elapsed / std::max(1U, std::thread::hardware_concurrency()));
  }
  m_measured_cpu_milliseconds = cpu_milliseconds;
  m_measured_at = now;
  return usage;
}

std::pair<std::shared_ptr<RunningProcess>, std::shared_ptr<OutputQueue>> Sandbox::start(const StartRequest& request) {
  forget_processes();
  auto [out, out_there] = make_pipe();
  auto [err, err_there] = make_pipe();
  Fd in_there;
  Fd in;
  std::vector<int> descriptors{out_there.get(), err_there.get()};
  if (request.has_input) {
    std::tie(in_there, in) = make_pipe();
    descriptors.insert(descriptors.begin(), in_there.get());
  }
  Json environment = Json::array();
  for (const auto& [name, value] : request.config.environment)
    environment.push_back(fmt::format("{}={}", name, value));
  const Json started = ask({{"do", "start"},
                            {"arguments", request.config.arguments},
                            {"environment", std::move(environment)},
                            {"folder", request.config.folder},
                            {"memory_bytes", m_process_memory_bytes}},
                           descriptors)
                           .content;
  const auto pid = static_cast<pid_t>(number_in(started, "pid"));
  auto process = std::make_shared<RunningProcess>(request.config, std::move(in), std::move(out), std::move(err));
  std::shared_ptr<OutputQueue> output = process->subscribe();
  process->begin(pid);
  const std::scoped_lock lock(m_mutex);
  if (m_is_gone) throw gone();
  m_processes[pid] = process;
  if (const auto early = m_early_ends.extract(pid)) process->note_end(early.mapped());
  return {process, output};
}

void Sandbox::forget_processes() {
  std::vector<std::shared_ptr<RunningProcess>> forgotten;  // ended without the lock
  const std::scoped_lock lock(m_mutex);
  for (auto at = m_processes.begin(); at != m_processes.end();) {
    const bool is_forgotten = at->second->is_forgotten();
    if (is_forgotten) forgotten.push_back(std::move(at->second));
    at = is_forgotten ? m_processes.erase(at) : std::next(at);
  }
  if (m_processes.size() >= k_most_processes) {
    throw RpcError(
        RpcCode::resource_exhausted,
        fmt::format("a sandbox has at most {} processes that were started from outside", k_most_processes));
  }
}

std::shared_ptr<RunningProcess> Sandbox::find_process(pid_t pid) {
  const std::scoped_lock lock(m_mutex);
  const auto found = m_processes.find(pid);
  if (found == m_processes.end() || found->second->is_forgotten()) {
    throw RpcError(RpcCode::not_found, fmt::format("process with pid {} not found", pid));
  }
  return found->second;
}

std::shared_ptr<RunningProcess> Sandbox::find_process(const std::string& tag) {
  const std::scoped_lock lock(m_mutex);
  for (const auto& [pid, process] : m_processes) {
    if (!tag.empty() && process->config().tag == tag && !process->has_ended()) return process;
  }
  throw RpcError(RpcCode::not_found, fmt::format("process with tag {} not found", tag));
}

std::vector<std::shared_ptr<RunningProcess>> Sandbox::running_processes() {
  const std::scoped_lock lock(m_mutex);
  std::vector<std::shared_ptr<RunningProcess>> running;
  for (const auto& [pid, process] : m_processes) {
    if (!process->has_ended()) running.push_back(process);
  }
  return running;
}

void Sandbox::send_signal(RunningProcess& process, int signal) {
  if (process.has_ended()) {
    throw RpcError(RpcCode::not_found, fmt::format("process with pid {} not found", process.pid()));
  }
  ask({{"do", "signal"}, {"pid", process.pid()}, {"signal", signal}}, {});
  process.expect_end();
}

}  // namespace spillway::sandboxd
