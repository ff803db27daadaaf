#include "cli/completions.hpp"

#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/parse.hpp"
#include "pipeline/codes.hpp"

namespace spillway::cli {
namespace {

std::vector<std::string> error_codes() {
  std::vector<std::string> ids;
  for (const pipeline::CodeEntry& entry : pipeline::code_table()) ids.emplace_back(entry.id);
  return ids;
}

/// What stands behind the placeholders of help texts: the names of arguments and the types of options.
CompletedWord word_of(const std::string& verb, const std::string& placeholder) {
  static const std::map<std::string, WordKind> k_kinds{
      {"PIPELINE", WordKind::pipeline},   {"PIPELINE_AFTER", WordKind::pipeline}, {"DIR", WordKind::folder},
      {"COMPONENT", WordKind::component}, {"COMMAND", WordKind::command},         {"FILE", WordKind::file},
  };
  static const std::map<std::string, std::vector<std::string>> k_words{
      {"components ACTION", {"list", "show", "schema"}},
      {"connections ACTION", {"list", "doctor"}},
      {"sandboxes ACTION", {"list", "clean"}},
      {"e2b ACTION", {"template"}},
      {"doctor SUBJECT", {"e2b"}},
      {"SHELL", {"bash", "zsh", "fish"}},
      {"CODE", error_codes()}};
  for (const std::string& key : {fmt::format("{} {}", verb, placeholder), placeholder}) {
    if (const auto words = k_words.find(key); words != k_words.end()) {
      return {placeholder, WordKind::words, words->second};
    }
  }
  const auto kind = k_kinds.find(placeholder);
  return {placeholder, kind == k_kinds.end() ? WordKind::none : kind->second, {}};
}

CompletedVerb described(const Verb& verb) {
  CompletedVerb described{std::string(verb.name), std::string(verb.summary), {}, {}};
  const std::unique_ptr<Command> command = verb.make();
  const std::unique_ptr<CLI::App> app = make_app(verb, *command);
  for (const CLI::Option* option : app->get_options()) {
    if (!option->nonpositional()) {
      described.arguments.push_back(word_of(described.name, option->get_name(true)));
      continue;
    }
    CompletedOption entry{{}, option->get_description(), option->get_type_size_max() != 0, {}};
    for (const std::string& name : option->get_snames()) entry.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) entry.names.push_back("--" + name);
    if (entry.takes_value) entry.value = word_of(described.name, option->get_type_name());
    described.options.push_back(std::move(entry));
  }
  return described;
}

}  // namespace

std::vector<CompletedVerb> completed_verbs() {
  std::vector<CompletedVerb> list;
  for (const Verb& verb : verbs()) list.push_back(described(verb));
  return list;
}

}  // namespace spillway::cli
