#include <algorithm>

#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "cli/help_text.hpp"
#include "cli/parse.hpp"
#include "run/exit_code.hpp"

namespace spillway::cli {
namespace {

/// What programs everywhere understand.
std::string verb_name_of(const std::string& argument) {
  if (argument == "--version" || argument == "-V") return "version";
  if (argument == "--help" || argument == "-h") return "help";
  return argument;
}

}  // namespace

int dispatch(const std::vector<std::string>& arguments, Console& console) {
  if (arguments.empty()) {
    console.message(overview());
    return run::exit_code(run::Phase::command, ErrorCode::usage);
  }
  const std::string name = verb_name_of(arguments.front());
  const Verb* verb = find_verb(name);
  if (verb == nullptr) fail(unknown_verb(name));
  const std::unique_ptr<Command> command = verb->make();
  const std::unique_ptr<CLI::App> app = make_app(*verb, *command);
  auto end = std::ranges::find(arguments, "--");
  // Of a verb that takes no command, "--" only ends the options.
  if (end == arguments.end() || !command->take_command({end + 1, arguments.end()})) end = arguments.end();
  if (!parse(*app, {arguments.begin() + 1, end}, console)) return 0;
  return command->execute(console);
}

}  // namespace spillway::cli
