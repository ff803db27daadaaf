#include "worker_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "support/process.hpp"

namespace spillway::testing {
namespace {

constexpr int k_answer_patience_ms = 60'000;

[[noreturn]] void throw_errno(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

std::array<Fd, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe2");
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

WorkerProcess::WorkerProcess(const std::filesystem::path& directory, const std::vector<std::string>& options) {
  // A worker that is gone is an error of the write.
  ::signal(SIGPIPE, SIG_IGN);
  auto [in_read, in_write] = make_pipe();
  auto [out_read, out_write] = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  posix_spawn_file_actions_adddup2(&actions, in_read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out_write.get(), STDOUT_FILENO);
  std::string program = spillway_program();
  std::vector<std::string> words{program, "worker"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int status = ::posix_spawn(&m_pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0) throw std::system_error(status, std::generic_category(), "cannot start " + program);
  m_in = std::move(in_write);
  m_out = std::move(out_read);
}

WorkerProcess::~WorkerProcess() {
  if (m_pid < 0) return;
  ::kill(m_pid, SIGKILL);
  ::waitpid(m_pid, nullptr, 0);
}

void WorkerProcess::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(m_in.get(), bytes.data(), bytes.size());
    if (count < 0) throw_errno("cannot write to the worker");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

Json WorkerProcess::read() {
  std::size_t end = 0;
  while ((end = m_buffer.find('\n')) == std::string::npos) {
    if (!fill()) throw std::runtime_error("the worker has ended; what it left is '" + m_buffer + "'");
  }
  const std::string line = m_buffer.substr(0, end);
  m_buffer.erase(0, end + 1);
  m_messages.push_back(Json::parse(line));
  return m_messages.back();
}

std::string WorkerProcess::read_bytes() {
  if (m_buffer.empty() && !fill()) throw std::runtime_error("the worker has ended");
  return std::exchange(m_buffer, {});
}

bool WorkerProcess::fill() {
  pollfd polled{m_out.get(), POLLIN, 0};
  const int ready = ::poll(&polled, 1, k_answer_patience_ms);
  if (ready < 0) throw_errno("poll");
  if (ready == 0) throw std::runtime_error("the worker is silent");
  std::array<char, 65536> bytes{};
  const ssize_t count = ::read(m_out.get(), bytes.data(), bytes.size());
  if (count < 0) throw_errno("cannot read from the worker");
  m_buffer.append(bytes.data(), static_cast<std::size_t>(count));
  return count > 0;
}

Json WorkerProcess::answer() {
  for (;;) {
    Json message = read();
    if (message.contains("status")) return message;
  }
}

Json WorkerProcess::ask(const Json& command) {
  send(command);
  return answer();
}

Json WorkerProcess::wait_for_event(std::string_view name) {
  for (;;) {
    const Json message = read();
    if (message.value("type", "") == "event" && message.value("name", "") == name) return message["data"];
  }
}

std::vector<Json> WorkerProcess::events(std::string_view name) const {
  std::vector<Json> found;
  for (const Json& message : m_messages) {
    if (message.value("type", "") == "event" && message.value("name", "") == name) found.push_back(message["data"]);
  }
  return found;
}

int WorkerProcess::wait() {
  int status = 0;
  ::waitpid(m_pid, &status, 0);
  m_pid = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace spillway::testing
