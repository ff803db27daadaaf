#include <fmt/format.h>

#include "cli/completions.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

std::string fish_quoted(std::string text) {
  text = replace_all(std::move(text), "\\", "\\\\");
  return "'" + replace_all(std::move(text), "'", "\\'") + "'";
}

std::string fish_candidates(const CompletedWord& word, const std::string& commands) {
  switch (word.kind) {
    case WordKind::none:
      return "";
    case WordKind::file:
      return " -F";
    case WordKind::folder:
      return " -a '(__fish_complete_directories)'";
    case WordKind::pipeline:
      return " -a '(__fish_complete_suffix .yaml; __fish_complete_suffix .yml)'";
    case WordKind::component:
      return " -a '(spillway components 2>/dev/null | string split -f1 \" \")'";
    case WordKind::command:
      return " -a " + fish_quoted(commands);
    case WordKind::words:
      break;
  }
  return " -a " + fish_quoted(join(word.words, " "));
}

std::string fish_option(const CompletedVerb& verb, const CompletedOption& option, const std::string& commands) {
  std::string line = fmt::format("complete -c spillway -n '__fish_seen_subcommand_from {}'", verb.name);
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes_value) line += " -x" + fish_candidates(option.value, commands);
  return line + " -d " + fish_quoted(option.description) + "\n";
}

}  // namespace

std::string fish_completions(const std::vector<CompletedVerb>& verbs) {
  std::string script =
      "# Completes spillway's command line in fish:  spillway completions fish | source\n"
      "complete -c spillway -f\n";
  std::vector<std::string> names;
  for (const CompletedVerb& verb : verbs) {
    names.push_back(verb.name);
    script += fmt::format("complete -c spillway -n __fish_use_subcommand -a {} -d {}\n", verb.name,
                          fish_quoted(verb.summary));
  }
  const std::string commands = join(names, " ");
  for (const CompletedVerb& verb : verbs) {
    for (const CompletedOption& option : verb.options) script += fish_option(verb, option, commands);
    for (const CompletedWord& argument : verb.arguments) {
      const std::string candidates = fish_candidates(argument, commands);
      if (candidates.empty()) continue;
      script += fmt::format("complete -c spillway -n '__fish_seen_subcommand_from {}'{}\n", verb.name, candidates);
    }
  }
  return script;
}

}  // namespace spillway::cli
