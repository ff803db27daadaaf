#include "util/disposable_folder.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway {
namespace fs = std::filesystem;
namespace {

/// Waits for the end of the process that holds the other end, then removes the folder.
[[noreturn]] void remove_afterwards(const fs::path& folder, int ended) {
  // Nobody may wait for this process: it holds no descriptor, no terminal, and is in nobody's process group.
  ::setsid();
  ::dup2(ended, 0);
  ::closefrom(1);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_IGN);
  char byte = 0;
  while (::read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  ::_exit(0);
}

}  // namespace

DisposableFolder::DisposableFolder() {
  std::string name = (fs::temp_directory_path() / "spillway-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    fail(os_error(errno, fmt::format("cannot make a folder in '{}'", fs::temp_directory_path().string())));
  }
  m_path = name;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(os_error(errno, "cannot make a pipe"));
  const Fd ended(ends[0]);
  m_alive = Fd(ends[1]);
  // Twice, so that the one that waits is nobody's child: whoever collects the children of this process need not know.
  const pid_t between = ::fork();
  if (between == 0) {
    m_alive.reset();
    if (::fork() == 0) remove_afterwards(m_path, ended.get());
    ::_exit(0);
  }
  if (between > 0) ::waitpid(between, nullptr, 0);
}

DisposableFolder::~DisposableFolder() {
  std::error_code ignored;
  fs::remove_all(m_path, ignored);
}

}  // namespace spillway
