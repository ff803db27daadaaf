#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the name is CLI11's
class App;
}

namespace spillway::cli {

/// One verb of the command line: what it takes, and what it does.
class Command {
 public:
  virtual ~Command() = default;
  /// Declares options, arguments and help text.
  virtual void declare(CLI::App& app) = 0;
  /// Takes what stands behind "--"; false when the verb takes no command of somebody else's.
  virtual bool take_command(const std::vector<std::string>& /*words*/) { return false; }
  /// Does it, with what was parsed. Returns the exit code; throws an Exception for what ends the command.
  virtual int execute(Console& console) = 0;
};

struct Verb {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Command> (*make)();
};

/// Every verb, in the order in which help lists them.
std::span<const Verb> verbs();
/// Null when there is no such verb.
const Verb* find_verb(std::string_view name);
/// Fails with a "did you mean".
Error unknown_verb(std::string_view name);

std::unique_ptr<Command> make_run_command();
std::unique_ptr<Command> make_validate_command();
std::unique_ptr<Command> make_compile_command();
std::unique_ptr<Command> make_plan_command();
std::unique_ptr<Command> make_explain_command();
std::unique_ptr<Command> make_diff_command();
std::unique_ptr<Command> make_init_command();
std::unique_ptr<Command> make_components_command();
std::unique_ptr<Command> make_connections_command();
std::unique_ptr<Command> make_discover_command();
std::unique_ptr<Command> make_doctor_command();
std::unique_ptr<Command> make_sandboxes_command();
std::unique_ptr<Command> make_e2b_command();
std::unique_ptr<Command> make_schema_command();
std::unique_ptr<Command> make_completions_command();
std::unique_ptr<Command> make_worker_command();
std::unique_ptr<Command> make_sandboxd_command();
std::unique_ptr<Command> make_version_command();
std::unique_ptr<Command> make_help_command();

/// Runs the command line after the program's name; returns the exit code.
int dispatch(const std::vector<std::string>& arguments, Console& console);

}  // namespace spillway::cli
