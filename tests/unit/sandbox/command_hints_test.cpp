#include "sandbox/command_hints.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spillway::sandbox {
namespace {

using ::testing::StartsWith;

std::string hint(const std::string& program, int code, std::vector<std::string> said = {}) {
  return hint_for_command({program, "some", "arguments"}, {ExitStatus{.code = code}, std::move(said)});
}

TEST(CommandHints, ByWhatTheProgramSays) {
  EXPECT_THAT(hint("ssh", 255, {"Host key verification failed."}), StartsWith("ssh does not know the host's key"));
  EXPECT_THAT(hint("/usr/bin/ssh", 255, {"you@host: Permission denied (publickey)."}),
              StartsWith("ssh needs a key that works without a question"));
  EXPECT_THAT(hint("docker", 125, {"Cannot connect to the Docker daemon at unix:///var/run/docker.sock."}),
              StartsWith("the Docker daemon has to run"));
  EXPECT_THAT(hint("docker", 1, {"the input device is not a TTY"}), StartsWith("the channel is no terminal"));
  EXPECT_THAT(hint("docker", 125, {"Unable to find image 'x:latest' locally", "pull access denied for x"}),
              StartsWith("there is no such image"));
  EXPECT_THAT(hint("ssh", 127, {"spillway: error while loading shared libraries: libfmt.so.9: cannot open"}),
              StartsWith("a library is missing"));
  EXPECT_THAT(hint("ssh", 1, {"spillway: /lib/libc.so.6: version `GLIBC_2.36' not found"}),
              StartsWith("the system there is older"));
  EXPECT_THAT(hint("podman", 126, {"exec /spillway: exec format error"}),
              StartsWith("spillway was built for another kind of processor"));
  EXPECT_THAT(hint("kubectl", 1, {"exec: \"spillway\": executable file not found in $PATH: unknown"}),
              StartsWith("spillway is not where the command leads"));
}

TEST(CommandHints, ByItsExitStatus) {
  EXPECT_THAT(hint("ssh", 127), StartsWith("spillway is not where the command leads"));
  EXPECT_THAT(hint("sh", 126), StartsWith("the file is there but cannot be run"));
  EXPECT_THAT(hint("ssh", 255), StartsWith("ssh could not connect"));
  EXPECT_THAT(hint("docker", 125), StartsWith("docker failed before the container ran"));
  EXPECT_THAT(hint("podman", 125), StartsWith("podman failed before the container ran"));
  EXPECT_THAT(hint("systemd-run", 0), StartsWith("no worker was started"));
}

TEST(CommandHints, OtherwiseHowToTry) {
  EXPECT_THAT(hint("kubectl", 255), StartsWith("try it by hand: echo"));
  EXPECT_THAT(hint_for_command({"docker"}, {ExitStatus{.signal = 9}, {}}), StartsWith("try it by hand: echo"));
  EXPECT_THAT(hint_for_command({"ssh"}, {{}, {}, false, true}), StartsWith("it may wait for something"));
}

}  // namespace
}  // namespace spillway::sandbox
