#include <fmt/format.h>

#include "cli/completions.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

/// Inside single quotes, in a specification of _arguments.
std::string zsh_escaped(std::string text) {
  text = replace_all(std::move(text), "'", "'\\''");
  for (const char* special : {"[", "]", ":"})
    text = replace_all(std::move(text), special, std::string("\\") + special);
  return text;
}

std::string zsh_action(const CompletedWord& word) {
  switch (word.kind) {
    case WordKind::none:
      return "";
    case WordKind::file:
      return "_files";
    case WordKind::folder:
      return "_files -/";
    case WordKind::pipeline:
      return "_files -g \"*.(yaml|yml)\"";
    case WordKind::component:
      return "_spillway_components";
    case WordKind::command:
      return "_spillway_commands";
    case WordKind::words:
      break;
  }
  return fmt::format("({})", join(word.words, " "));
}

}  // namespace

std::string zsh_completions(const std::vector<CompletedVerb>& verbs) {
  std::string script =
      "#compdef spillway\n"
      "# Completes spillway's command line in zsh:  source <(spillway completions zsh)\n"
      "_spillway_components() {\n"
      "  local -a components=(${(f)\"$(spillway components 2>/dev/null | cut -d' ' -f1)\"})\n"
      "  compadd -a components\n"
      "}\n\n"
      "_spillway_commands() {\n  local -a commands=(\n";
  for (const CompletedVerb& verb : verbs) {
    script += fmt::format("    '{}:{}'\n", verb.name, zsh_escaped(verb.summary));
  }
  script +=
      "  )\n  _describe command commands\n}\n\n"
      "_spillway() {\n"
      "  if (( CURRENT == 2 )); then\n    _spillway_commands\n    return\n  fi\n"
      "  local verb=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $verb in\n";
  for (const CompletedVerb& verb : verbs) {
    script += fmt::format("    {})\n      _arguments", verb.name);
    for (const CompletedOption& option : verb.options) {
      for (const std::string& name : option.names) {
        const std::string value =
            option.takes_value ? fmt::format(":{}:{}", zsh_escaped(option.value.name), zsh_action(option.value)) : "";
        script += fmt::format(" \\\n        '{}[{}]{}'", name, zsh_escaped(option.description), value);
      }
    }
    std::size_t place = 1;
    for (const CompletedWord& argument : verb.arguments) {
      script += fmt::format(" \\\n        '{}:{}:{}'", place++, argument.name, zsh_action(argument));
    }
    script += "\n      ;;\n";
  }
  return script + "  esac\n}\n\n(( $+functions[compdef] )) && compdef _spillway spillway\n";
}

}  // namespace spillway::cli
