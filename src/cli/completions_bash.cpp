#include <fmt/format.h>

#include "cli/completions.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

constexpr auto k_bash_head = R"bash(# Completes spillway's command line in bash:  source <(spillway completions bash)
_spillway_files() { # those that match a regular expression, and folders
  local IFS=$'\n' path
  for path in $(compgen -f -- "$cur"); do
    if [[ -d $path ]]; then
      COMPREPLY+=("$path/")
      compopt -o nospace 2>/dev/null
    elif [[ $path =~ $1 ]]; then
      COMPREPLY+=("$path")
    fi
  done
}

_spillway_complete() { # kind, words
  case $1 in
    pipeline) _spillway_files '\.ya?ml$' ;;
    file) _spillway_files '' ;;
    folder) _spillway_files '/$' ;;
    component) COMPREPLY=($(compgen -W "$("$program" components 2>/dev/null | cut -d' ' -f1)" -- "$cur")) ;;
    words) COMPREPLY=($(compgen -W "$2" -- "$cur")) ;;
  esac
}

_spillway() {
  local cur=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} verb=${COMP_WORDS[1]}
  local commands='@COMMANDS@'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _spillway_complete words "$commands --help --version"
    return
  fi
  # options; those with a value as name=kind:words; arguments as kind:words
  local options='' valued=() arguments=()
  case $verb in
)bash";

constexpr auto k_bash_tail = R"bash(    *) return ;;
  esac
  local i entry word argument=0 wanted=''
  for ((i = 2; i <= COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ -n $wanted ]]; then
      if ((i == COMP_CWORD)); then
        _spillway_complete "${wanted%%:*}" "${wanted#*:}"
        return
      fi
      wanted=''
      continue
    fi
    for entry in "${valued[@]}"; do
      if [[ ${entry%%=*} == "$word" ]]; then wanted=${entry#*=}; fi
    done
    if ((i < COMP_CWORD)) && [[ $word != -?* ]]; then argument=$((argument + 1)); fi
  done
  if [[ $cur == -* ]]; then
    _spillway_complete words "$options"
  elif ((argument < ${#arguments[@]})); then
    entry=${arguments[argument]}
    _spillway_complete "${entry%%:*}" "${entry#*:}"
  fi
}
complete -F _spillway spillway
)bash";

std::string bash_kind(const CompletedWord& word, const std::string& commands) {
  switch (word.kind) {
    case WordKind::none:
      return "none:";
    case WordKind::file:
      return "file:";
    case WordKind::folder:
      return "folder:";
    case WordKind::pipeline:
      return "pipeline:";
    case WordKind::component:
      return "component:";
    case WordKind::command:
      return "words:" + commands;
    case WordKind::words:
      break;
  }
  return "words:" + join(word.words, " ");
}

}  // namespace

std::string bash_completions(const std::vector<CompletedVerb>& verbs) {
  std::vector<std::string> names;
  for (const CompletedVerb& verb : verbs) names.push_back(verb.name);
  const std::string commands = join(names, " ");
  std::string script = replace_all(k_bash_head, "@COMMANDS@", commands);
  for (const CompletedVerb& verb : verbs) {
    std::vector<std::string> options;
    std::string valued;
    for (const CompletedOption& option : verb.options) {
      for (const std::string& name : option.names) {
        options.push_back(name);
        if (option.takes_value) valued += fmt::format(" '{}={}'", name, bash_kind(option.value, commands));
      }
    }
    std::string arguments;
    for (const CompletedWord& argument : verb.arguments) {
      arguments += fmt::format(" '{}'", bash_kind(argument, commands));
    }
    script += fmt::format("    {})\n      options='{}'\n      valued=({} )\n      arguments=({} )\n      ;;\n",
                          verb.name, join(options, " "), valued, arguments);
  }
  return script + k_bash_tail;
}

}  // namespace spillway::cli
