#include "sandbox/command_channel.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sandbox/command_hints.hpp"
#include "sandbox/mirror_channel.hpp"
#include "sandbox/process_channel.hpp"
#include "sandbox/shared_channel.hpp"
#include "util/strings.hpp"

namespace spillway::sandbox {
namespace fs = std::filesystem;
namespace {

/// A container or a connection ends after the worker in it, and that takes its time.
constexpr std::chrono::seconds k_command_close_grace{10};
constexpr std::chrono::milliseconds k_command_orphan_grace{1500};

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) == 0) return name;
    fail(os_error(errno, fmt::format("cannot start the worker: cannot run '{}'", name)));
  }
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(path == nullptr ? "" : path, ':')) {
    std::string program = (fs::path(folder) / name).string();
    if (!folder.empty() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  fail(ErrorCode::sandbox, fmt::format("cannot start the worker: there is no program '{}' in PATH", name),
       "it is the first word after --, such as docker, podman, ssh, kubectl or systemd-run");
}

Error explain_command(const std::vector<std::string>& command, std::chrono::seconds start_timeout,
                      const WorkerDeath& death) {
  std::string text = fmt::format("the command '{}' ", command.front());
  if (death.is_silent) {
    text += fmt::format("started no worker within {} s", start_timeout.count());
  } else if (death.status) {
    text += fmt::format("ended before the worker was ready: {}", death.status->to_string());
  } else {
    text += "closed its output before the worker was ready";
  }
  if (!death.last_words.empty()) text += "; its last words:";
  for (const std::string& line : death.last_words) text += "\n    " + line;
  return make_error(ErrorCode::sandbox, std::move(text), hint_for_command(command, death));
}

WorkerProgram command_program(const config::CommandTarget& target) {
  WorkerProgram program;
  program.process.arguments = target.words;
  program.process.arguments.front() = find_program(target.words.front());
  for (char** variable = environ; *variable != nullptr; ++variable) {
    program.process.environment.emplace_back(*variable);
  }
  program.process.orphan_grace = k_command_orphan_grace;
  program.timeouts.start_timeout = target.start_timeout;
  program.timeouts.close_grace = k_command_close_grace;
  program.start_activity = fmt::format("starting the worker: {}", join(target.words, " "));
  program.protocol_hint =
      "only the worker may write to the command's standard output, no login banner and no other program; and host "
      "and "
      "worker must be the same version of spillway";
  program.explain_death = [target](const WorkerDeath& death) -> std::optional<Error> {
    if (death.has_spoken) return std::nullopt;
    return explain_command(target.words, target.start_timeout, death);
  };
  return program;
}

}  // namespace

std::unique_ptr<Channel> open_command_channel(const RunPlace& place, const config::Settings& settings) {
  std::unique_ptr<StreamChannel> channel = open_process_channel(command_program(settings.command));
  if (settings.command.shares_files) return open_shared_channel(std::move(channel), place);
  std::error_code status;
  const std::uintmax_t available = fs::space(place.run_dir, status).available;
  return open_mirror_channel(
      std::move(channel), place,
      {.max_file_bytes = settings.sandbox.file_size_bytes.value_or(status ? UINT64_MAX : available / 2)});
}

}  // namespace spillway::sandbox
