#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "util/process.hpp"
#include "util/sanitizer.hpp"

namespace spillway::testing {
namespace {

constexpr int k_sample_milliseconds = 5;

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  return {Fd(ends[0]), Fd(ends[1])};
}

std::vector<std::string> environment_of(const ProcessOptions& options) {
  std::map<std::string, std::string> variables{{"LANG", "C.UTF-8"}};
  for (const char* kept : {"PATH", "HOME", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(kept)) variables[kept] = value;
  }
  for (const auto& [name, value] : options.environment) variables[name] = value;
  std::vector<std::string> texts;
  for (const auto& [name, value] : variables) texts.push_back(name + "=" + value);
  return texts;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

pid_t spawn(std::vector<std::string> arguments, const ProcessOptions& options, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str());
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  if (options.has_own_group) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> environment = environment_of(options);
  pid_t pid = -1;
  const int status = ::posix_spawnp(&pid, arguments[0].c_str(), &actions, &attributes, pointers(arguments).data(),
                                    pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (status != 0) throw std::system_error(status, std::generic_category(), "cannot start " + arguments[0]);
  return pid;
}

/// A file that holds `input` and is gone as soon as it is closed: unlike a pipe it needs nobody to feed it.
Fd input_file(const std::string& input) {
  Fd fd(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd || ::write(fd.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size()) ||
      ::lseek(fd.get(), 0, SEEK_SET) != 0) {
    throw std::system_error(errno, std::generic_category(), "input file");
  }
  return fd;
}

/// Moves what a descriptor has to `text`; false at its end.
bool drain(Fd& fd, std::string& text) {
  std::array<char, 65536> buffer{};
  const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
  if (count <= 0) {
    fd.reset();
    return false;
  }
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

}  // namespace

std::string spillway_program() {
  const char* chosen = std::getenv("SPILLWAY_PROGRAM");
  return chosen == nullptr ? SPILLWAY_PROGRAM : chosen;
}

bool program_is_sanitized() { return k_is_sanitized && spillway_program() == SPILLWAY_PROGRAM; }

Process::Process(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  const Fd in = input_file(options.input);
  m_pid = spawn(arguments, options, in.get(), out.write.get(), err.write.get());
  m_out = std::move(out.read);
  m_err = std::move(err.read);
}

Process::~Process() {
  if (m_pid < 0) return;
  ::kill(m_pid, SIGKILL);
  ::waitpid(m_pid, nullptr, 0);
}

void Process::send_signal(int signal) const { ::kill(m_pid, signal); }

/// Waits a little for more output, takes it and looks at the memory; false when both streams have ended.
bool Process::collect() {
  if (!m_out && !m_err) return false;
  std::array<pollfd, 2> polled{pollfd{m_out ? m_out.get() : -1, POLLIN, 0},
                               pollfd{m_err ? m_err.get() : -1, POLLIN, 0}};
  if (::poll(polled.data(), polled.size(), k_sample_milliseconds) < 0) return errno == EINTR;
  m_result.peak_memory_bytes = std::max(m_result.peak_memory_bytes, peak_memory_bytes(m_pid));
  if (polled[0].revents != 0) drain(m_out, m_result.out);
  if (polled[1].revents != 0) drain(m_err, m_result.err);
  return true;
}

bool Process::wait_for_error_text(const std::string& text) {
  while (m_result.err.find(text) == std::string::npos) {
    if (!collect()) return false;
  }
  return true;
}

ProcessResult Process::wait() {
  while (collect()) {
  }
  int status = 0;
  ::waitpid(m_pid, &status, 0);
  m_pid = -1;
  m_result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  m_result.wall = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - m_start);
  return std::move(m_result);
}

ProcessResult run_spillway(std::vector<std::string> arguments, const ProcessOptions& options) {
  arguments.insert(arguments.begin(), spillway_program());
  return Process(arguments, options).wait();
}

}  // namespace spillway::testing
