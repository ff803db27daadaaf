#include "util/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway {
namespace {

constexpr int k_shell_signal_base = 128;
constexpr int k_least_free_descriptor = 100;  // above every descriptor that a program is given
constexpr int k_start_failed = 127;
constexpr int k_most_removals = 30;
constexpr std::uint64_t k_bytes_per_kilobyte = 1024;

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(os_error(errno, "cannot make a pipe"));
  return {Fd(ends[0]), Fd(ends[1])};
}

/// Everything that the processes between here and the program need, made before the fork: from there to the exec only
/// system calls are safe, as other threads may have held any lock.
struct Launch {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::vector<int> descriptors;  ///< what becomes 0, 1, 2, 3, …
  std::vector<ResourceLimit> limits;
  std::vector<const char*> cgroup_files = {};
  std::vector<const char*> leftovers = {};
  int guard_descriptor = -1;
  timespec orphan_grace{};
  pid_t host = 0;
  int report = -1;  ///< where an errno goes when the program cannot be started
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): exec does not write to them
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

[[noreturn]] void give_up(int report) {
  const int reason = errno;
  [[maybe_unused]] const ssize_t told = ::write(report, &reason, sizeof reason);
  ::_exit(k_start_failed);
}

/// The program's own process: never returns.
[[noreturn]] void become_program(Launch& launch, pid_t guard) {
  // The guard is killed with SIGKILL only by someone who means all of it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != guard) ::_exit(k_start_failed);
  for (int& descriptor : launch.descriptors) {
    descriptor = ::fcntl(descriptor, F_DUPFD_CLOEXEC, k_least_free_descriptor);
    if (descriptor < 0) give_up(launch.report);
  }
  const int report = ::fcntl(launch.report, F_DUPFD_CLOEXEC, k_least_free_descriptor);
  for (std::size_t i = 0; i < launch.descriptors.size(); ++i) {
    if (::dup2(launch.descriptors[i], static_cast<int>(i)) < 0) give_up(report);
  }
  const int last = static_cast<int>(launch.descriptors.size());
  if (::dup3(report, last, O_CLOEXEC) < 0) give_up(report);
  ::closefrom(last + 1);
  for (const char* file : launch.cgroup_files) {
    const int group = ::open(file, O_WRONLY | O_CLOEXEC);
    if (group < 0 || ::write(group, "0", 1) != 1) give_up(last);  // "0" is the process that writes it
  }
  for (const ResourceLimit& limit : launch.limits) {
    const rlimit both{limit.value, limit.value + (limit.resource == RLIMIT_CPU ? 1 : 0)};
    if (::setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &both) != 0) give_up(last);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_IGN);  // a file that grew too long is an error of the write, not the end of the program
  ::execve(launch.arguments[0], launch.arguments.data(), launch.environment.data());
  give_up(last);
}

/// What the program was given and did not take away. A control group takes a moment to be empty.
void remove_leftovers(const Launch& launch) {
  constexpr timespec k_moment{0, 10'000'000};
  for (const char* folder : launch.leftovers) {
    for (int tries = 0; ::rmdir(folder) != 0 && errno == EBUSY && tries < k_most_removals; ++tries) {
      ::nanosleep(&k_moment, nullptr);
    }
  }
}

/// Ends this process as the program ended.
[[noreturn]] void end_as(int status) {
  if (WIFSIGNALED(status)) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(WTERMSIG(status), SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::kill(::getpid(), WTERMSIG(status));
    ::_exit(k_shell_signal_base + WTERMSIG(status));
  }
  ::_exit(WEXITSTATUS(status));
}

/// The guard: waits for the program's end or, once the host is gone, for as long as the grace lasts.
[[noreturn]] void guard_program(Launch& launch) {
  sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGCHLD);
  ::sigaddset(&awaited, SIGTERM);
  ::sigprocmask(SIG_SETMASK, &awaited, nullptr);
  ::signal(SIGCHLD, SIG_DFL);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != launch.host) ::_exit(k_start_failed);
  // A fork shows what its parent was given, to whoever looks into /proc.
  for (char** variable = environ; *variable != nullptr; ++variable) ::explicit_bzero(*variable, ::strlen(*variable));
  const pid_t self = ::getpid();
  const pid_t program = ::fork();
  if (program < 0) give_up(launch.report);
  if (program == 0) become_program(launch, self);
  const bool is_kept = launch.guard_descriptor >= 0 && ::dup2(launch.guard_descriptor, 0) == 0;
  ::closefrom(is_kept ? 1 : 0);
  bool is_orphan = false;
  for (;;) {
    int status = 0;
    if (::waitpid(program, &status, WNOHANG) == program) {
      if (!is_orphan) end_as(status);
      remove_leftovers(launch);
      ::kill(0, SIGKILL);
    }
    const int signal = ::sigtimedwait(&awaited, nullptr, is_orphan ? &launch.orphan_grace : nullptr);
    if (signal == SIGTERM) is_orphan = true;
    // First the program alone: after its end there is something to remove.
    if (signal < 0 && errno == EAGAIN) ::kill(program, SIGKILL);
  }
}

}  // namespace

std::string ExitStatus::to_string() const {
  const int by = killed_by();
  if (by == 0) return fmt::format("exit status {}", code);
  const char* name = ::sigabbrev_np(by);
  return fmt::format("killed by signal {}{}", by, name == nullptr ? "" : fmt::format(" (SIG{})", name));
}

int ExitStatus::killed_by() const {
  if (signal != 0) return signal;
  return code > k_shell_signal_base && code <= k_shell_signal_base + SIGRTMAX ? code - k_shell_signal_base : 0;
}

ChildProcess::ChildProcess(const ProcessSpec& spec) {
  Pipe to_program = make_pipe();
  Pipe from_program = make_pipe();
  Pipe errors = make_pipe();
  Pipe report = make_pipe();
  Launch launch{.arguments = pointers(spec.arguments),
                .environment = pointers(spec.environment),
                .descriptors = {to_program.read.get(), from_program.write.get(), errors.write.get()},
                .limits = spec.limits,
                .guard_descriptor = spec.guard_descriptor,
                .host = ::getpid(),
                .report = report.write.get()};
  for (const std::string& file : spec.cgroup_files) launch.cgroup_files.push_back(file.c_str());
  for (const std::string& folder : spec.leftovers) launch.leftovers.push_back(folder.c_str());
  launch.descriptors.insert(launch.descriptors.end(), spec.descriptors.begin(), spec.descriptors.end());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(spec.orphan_grace);
  launch.orphan_grace.tv_sec = seconds.count();
  launch.orphan_grace.tv_nsec = std::chrono::nanoseconds(spec.orphan_grace - seconds).count();

  // NOLINTNEXTLINE(cppcoreguidelines-prefer-member-initializer): only now everything is made
  m_pid = ::fork();
  if (m_pid < 0) fail(os_error(errno, "cannot start a process"));
  if (m_pid == 0) {
    // A group of its own, and no terminal: a program that wants to ask somebody is told at once that nobody is there.
    ::setsid();
    guard_program(launch);
  }
  m_pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, m_pid, 0)));
  report.write.reset();
  int reason = 0;
  ssize_t count = 0;
  do {
    count = ::read(report.read.get(), &reason, sizeof reason);
  } while (count < 0 && errno == EINTR);
  if (count == sizeof reason) {
    ::waitpid(m_pid, nullptr, 0);
    fail(os_error(reason, fmt::format("cannot start '{}'", spec.arguments[0])));
  }
  in = std::move(to_program.write);
  out = std::move(from_program.read);
  err = std::move(errors.read);
  for (const Fd* fd : {&in, &out, &err}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
}

std::uint64_t peak_memory_bytes(pid_t pid) {
  constexpr std::string_view k_field = "\nVmHWM:";
  const Result<std::string> status = read_file(fmt::format("/proc/{}/status", pid));
  if (!status) return 0;
  const std::size_t at = status->find(k_field);
  return at == std::string::npos
             ? 0
             : std::strtoull(status->c_str() + at + k_field.size(), nullptr, 10) * k_bytes_per_kilobyte;
}

ChildProcess::~ChildProcess() {
  if (m_status) return;
  send_signal(SIGKILL);
  ::waitpid(m_pid, nullptr, 0);
}

void ChildProcess::send_signal(int signal) const {
  if (!m_status) ::kill(-m_pid, signal);
}

std::optional<ExitStatus> ChildProcess::wait(std::chrono::milliseconds timeout) {
  if (m_status) return m_status;
  pollfd ended{m_pidfd.get(), POLLIN, 0};
  ::poll(&ended, 1, static_cast<int>(timeout.count()));
  int status = 0;
  rusage usage{};
  if (::wait4(m_pid, &status, WNOHANG, &usage) != m_pid) return std::nullopt;
  m_status = WIFSIGNALED(status) ? ExitStatus{.signal = WTERMSIG(status)} : ExitStatus{.code = WEXITSTATUS(status)};
  m_status->peak_memory_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * k_bytes_per_kilobyte;
  return m_status;
}

}  // namespace spillway
