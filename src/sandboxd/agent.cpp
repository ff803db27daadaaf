#include "sandboxd/agent.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sandboxd/agent_files.hpp"
#include "sandboxd/message_socket.hpp"
#include "sandboxd/rpc_error.hpp"
#include "util/error.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::sandboxd {
namespace fs = std::filesystem;
namespace {

constexpr int k_not_found = 127;
constexpr int k_not_executable = 126;
constexpr std::uint64_t k_bytes_per_kilobyte = 1024;

/// A program as execve(2) takes it, made before the fork.
struct Program {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string folder;
  std::uint64_t memory_bytes = 0;  ///< 0: no limit
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// The new process: never returns. What is missing is told as a shell tells it.
[[noreturn]] void become_program(Program& program, const std::vector<Fd>& descriptors) {
  ::setsid();
  // In descriptors 0, 1 and 2; those that were received are above.
  for (std::size_t i = 0; i < descriptors.size(); ++i) ::dup2(descriptors[i].get(), static_cast<int>(i));
  ::closefrom(STDERR_FILENO + 1);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_DFL);
  // The agent itself cannot be looked into; and when memory runs short it is not the agent that is killed.
  ::prctl(PR_SET_DUMPABLE, 1);
  if (const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); score >= 0) {
    [[maybe_unused]] const ssize_t written = ::write(score, "100", 3);
    ::close(score);
  }
  if (program.memory_bytes > 0) {
    const rlimit both{program.memory_bytes, program.memory_bytes};
    ::setrlimit(RLIMIT_DATA, &both);
  }
  int reason = 0;
  if (::chdir(program.folder.c_str()) == 0) {
    const std::vector<char*> arguments = pointers(program.arguments);
    std::vector<char*> environment = pointers(program.environment);
    environ = environment.data();  // whose PATH is searched
    ::execvp(arguments[0], arguments.data());
  }
  reason = errno;
  ::dprintf(STDERR_FILENO, "%s: %s\n", program.arguments[0].c_str(), ::strerror(reason));
  ::_exit(reason == ENOENT ? k_not_found : k_not_executable);
}

/// CPU time of a process and of its children that have ended, from /proc/<pid>/stat.
std::uint64_t cpu_ticks(const std::string& stat) {
  constexpr std::size_t k_first = 11;  // utime, counted behind the name, which may hold blanks
  constexpr std::size_t k_count = 4;   // utime, stime, cutime, cstime
  const std::vector<std::string> fields = split(stat.substr(std::min(stat.rfind(')') + 2, stat.size())), ' ');
  std::uint64_t ticks = 0;
  for (std::size_t i = k_first; i < std::min(k_first + k_count, fields.size()); ++i) {
    ticks += parse_uint(fields[i]).value_or(0);
  }
  return ticks;
}

struct ProcessTotals {
  std::uint64_t resident_bytes = 0;
  std::uint64_t cpu_milliseconds = 0;
};

ProcessTotals sum_of_processes() {
  constexpr std::string_view k_field = "\nVmRSS:";
  ProcessTotals total;
  std::uint64_t ticks = 0;
  std::error_code status;
  for (fs::directory_iterator at("/proc", status); !status && at != fs::directory_iterator(); at.increment(status)) {
    if (!parse_uint(at->path().filename().string())) continue;
    ticks += cpu_ticks(read_file(at->path() / "stat").value_or(""));
    const Result<std::string> text = read_file(at->path() / "status");
    const std::size_t found = text ? text->find(k_field) : std::string::npos;
    if (found == std::string::npos) continue;
    total.resident_bytes += std::strtoull(text->c_str() + found + k_field.size(), nullptr, 10) * k_bytes_per_kilobyte;
  }
  total.cpu_milliseconds = ticks * 1000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return total;
}

class Agent {
 public:
  explicit Agent(int socket) : m_socket(Fd(socket)) {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    m_ended = Fd(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  void run() {
    m_socket.send({{"ready", true}});
    std::array<pollfd, 2> waited{{{m_socket.fd(), POLLIN, 0}, {m_ended.get(), POLLIN, 0}}};
    for (;;) {
      if (::poll(waited.data(), waited.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return;
      }
      if (waited[1].revents != 0) collect();
      if (waited[0].revents == 0) continue;
      std::optional<AgentMessage> request = m_socket.receive();
      if (!request) return;
      answer(*request);
    }
  }

 private:
  void collect() {
    std::array<signalfd_siginfo, 8> signals{};
    while (::read(m_ended.get(), signals.data(), sizeof signals) > 0) {
    }
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      Json event{{"ended", pid}};
      if (WIFSIGNALED(status)) {
        event["signal"] = WTERMSIG(status);
      } else {
        event["exit_code"] = WEXITSTATUS(status);
      }
      m_socket.send(event);
    }
  }

  void answer(AgentMessage& request) {
    Json reply{{"id", request.content.at("id")}};
    Fd file;
    try {
      file = carry_out(request, reply);
    } catch (const RpcError& error) {
      reply["error"] = {{"code", to_string(error.code())}, {"message", error.what()}};
    } catch (const std::exception& error) {
      reply["error"] = {{"code", to_string(RpcCode::internal)}, {"message", error.what()}};
    }
    if (file) {
      const int fd = file.get();
      m_socket.send(reply, {&fd, 1});
    } else {
      m_socket.send(reply);
    }
  }

  /// Returns what is handed over.
  static Fd carry_out(AgentMessage& request, Json& reply) {
    const Json& content = request.content;
    const std::string what = content.at("do");
    const auto path = [&](const char* name) { return absolute_path(content.at(name).get<std::string>()); };
    if (what == "start") {
      reply["pid"] = start(request);
    } else if (what == "signal") {
      send_signal(content.at("pid"), content.at("signal"));
    } else if (what == "read") {
      return open_to_read(path("path"));
    } else if (what == "write") {
      reply["path"] = path("path");
      return open_to_write(path("path"));
    } else if (what == "stat") {
      reply["entry"] = stat_entry(path("path"));
    } else if (what == "list") {
      reply["entries"] = list_folder(path("path"), content.at("depth"));
    } else if (what == "make_dir") {
      reply["entry"] = make_folder(path("path"));
    } else if (what == "move") {
      reply["entry"] = move_entry(path("from"), path("to"));
    } else if (what == "remove") {
      remove_entry(path("path"));
    } else if (what == "measure") {
      measure(reply);
    }
    return {};
  }

  static pid_t start(AgentMessage& request) {
    const Json& content = request.content;
    Program program{.arguments = content.at("arguments"),
                    .environment = content.at("environment"),
                    .folder = absolute_path(content.at("folder").get<std::string>()),
                    .memory_bytes = content.at("memory_bytes")};
    if (std::error_code status; !fs::is_directory(program.folder, status)) {
      throw RpcError(RpcCode::invalid_argument, fmt::format("cwd '{}' does not exist", program.folder));
    }
    std::vector<Fd>& descriptors = request.descriptors;
    // Without one of the caller's it reads nothing.
    if (descriptors.size() == 2) {
      descriptors.insert(descriptors.begin(), Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
    }
    const pid_t pid = ::fork();
    if (pid < 0) throw rpc_error_of(errno, "cannot start a process");
    if (pid == 0) become_program(program, descriptors);
    return pid;
  }

  static void send_signal(pid_t pid, int signal) {
    if (pid <= 1 || pid == ::getpid() || ::kill(pid, signal) != 0) {
      throw RpcError(RpcCode::not_found, fmt::format("process with pid {} not found", pid));
    }
  }

  static void measure(Json& reply) {
    struct statvfs disk {};
    ::statvfs(k_home, &disk);
    const ProcessTotals total = sum_of_processes();
    reply["memory_bytes"] = total.resident_bytes;
    reply["cpu_milliseconds"] = total.cpu_milliseconds;
    reply["disk_total"] = disk.f_blocks * disk.f_frsize;
    reply["disk_used"] = (disk.f_blocks - disk.f_bfree) * disk.f_frsize;
  }

  MessageSocket m_socket;
  Fd m_ended;
};

}  // namespace

int run_agent(int socket) {
  // The conversation is nobody else's in the sandbox: other processes of the same user cannot look into this one.
  ::prctl(PR_SET_DUMPABLE, 0);
  ::signal(SIGPIPE, SIG_IGN);
  ::umask(S_IWGRP | S_IWOTH);
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  if (const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC); null >= 0) {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
    ::close(null);
  }
  Agent(socket).run();
  return 0;
}

}  // namespace spillway::sandboxd
