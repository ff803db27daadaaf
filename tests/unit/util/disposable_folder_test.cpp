#include "util/disposable_folder.hpp"

#include <signal.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include <gtest/gtest.h>

namespace spillway {
namespace {

namespace fs = std::filesystem;

TEST(DisposableFolder, GoesWithTheObject) {
  fs::path path;
  {
    const DisposableFolder folder;
    path = folder.path();
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    fs::create_directories(path / "a/b");
    std::ofstream(path / "a/b/file") << "x";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(DisposableFolder, GoesWithAProcessThatIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const DisposableFolder folder;
    std::ofstream(folder.path() / "file") << "x";
    const std::string path = folder.path().string() + "\n";
    if (::write(ends[1], path.data(), path.size()) < 0) ::_exit(1);
    for (;;) ::pause();
  }
  ::close(ends[1]);
  std::string path;
  for (char byte = 0; ::read(ends[0], &byte, 1) == 1 && byte != '\n';) path += byte;
  ASSERT_TRUE(fs::exists(path));
  const int watch = ::inotify_init1(IN_CLOEXEC);
  ASSERT_GE(::inotify_add_watch(watch, path.c_str(), IN_DELETE_SELF), 0);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  std::array<char, 4096> event{};
  EXPECT_GT(::read(watch, event.data(), event.size()), 0);
  EXPECT_FALSE(fs::exists(path));
  ::close(watch);
  ::close(ends[0]);
}

}  // namespace
}  // namespace spillway
