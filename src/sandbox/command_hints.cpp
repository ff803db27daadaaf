#include "sandbox/command_hints.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

#include "util/strings.hpp"

namespace spillway::sandbox {
namespace {

/// What a program that failed says, or how it ends, and what to do about it.
struct CommandHint {
  std::string_view program;  ///< its name; empty for any
  std::optional<int> exit_code;
  std::string_view text;  ///< in what it said, in lower case; empty for anything
  std::string_view hint;
};

constexpr std::string_view k_not_installed =
    "spillway is not where the command leads, or not in the PATH there: install it, or name it in full, such as "
    "/opt/spillway/bin/spillway worker";

/// The first that fits counts.
constexpr std::array k_command_hints{
    CommandHint{"ssh",
                {},
                "host key verification failed",
                "ssh does not know the host's key yet, and cannot ask: log in once by hand"},
    CommandHint{"ssh",
                {},
                "permission denied (",
                "ssh needs a key that works without a question: ssh -o BatchMode=yes HOST true has to work"},
    CommandHint{"ssh", 255, "", "ssh could not connect: ssh -o BatchMode=yes HOST true has to work"},
    CommandHint{"",
                {},
                "connect to the docker daemon",
                "the Docker daemon has to run, and this user has to be allowed to use it: docker version tells"},
    CommandHint{"", {}, "not a tty", "the channel is no terminal: leave out -t"},
    CommandHint{"", {}, "unable to find image", "there is no such image: docker pull tells more"},
    CommandHint{"", {}, "pull access denied", "there is no such image, or it needs docker login first"},
    CommandHint{"", {}, "manifest unknown", "there is no such tag of the image"},
    CommandHint{"",
                {},
                "error while loading shared libraries",
                "a library is missing where the command leads: copy the installed folder as a whole, bin and lib"},
    CommandHint{"", {}, "version `glibc", "the system there is older than the one on which spillway was built"},
    CommandHint{"", {}, "exec format error", "spillway was built for another kind of processor"},
    CommandHint{"", {}, "executable file not found", k_not_installed},
    CommandHint{"", 127, "", k_not_installed},
    CommandHint{"", 126, "",
                "the file is there but cannot be run: look at its permissions, and for which processor it was built"},
    CommandHint{"docker", 125, "", "docker failed before the container ran; its options come before the image"},
    CommandHint{"podman", 125, "", "podman failed before the container ran; its options come before the image"},
    CommandHint{"", 0, "",
                "no worker was started, or none that reads this standard input: the command ends in spillway worker, "
                "and docker, podman and kubectl need -i"},
};

bool fits(const CommandHint& known, std::string_view program, const WorkerDeath& death) {
  if (!known.program.empty() && known.program != program) return false;
  if (known.exit_code && (!death.status || death.status->signal != 0 || death.status->code != *known.exit_code)) {
    return false;
  }
  return known.text.empty() || std::ranges::any_of(death.last_words, [&](const std::string& line) {
           return to_lower(line).find(known.text) != std::string::npos;
         });
}

}  // namespace

std::string hint_for_command(const std::vector<std::string>& command, const WorkerDeath& death) {
  const std::string program = std::filesystem::path(command.front()).filename().string();
  for (const CommandHint& known : k_command_hints) {
    if (fits(known, program, death)) return std::string(known.hint);
  }
  if (death.is_silent)
    return "it may wait for something, such as a password; raise --sandbox-start-timeout if it is only slow";
  return R"(try it by hand: echo '{"cmd": "ping"}' | COMMAND has to answer with a pong)";
}

}  // namespace spillway::sandbox
