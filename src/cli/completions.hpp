#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spillway::cli {

/// What a word of the command line may be completed to.
enum class WordKind { none, file, folder, pipeline, component, command, words };

struct CompletedWord {
  std::string name;  ///< as help shows it
  WordKind kind = WordKind::none;
  std::vector<std::string> words;  ///< of WordKind::words
};

struct CompletedOption {
  std::vector<std::string> names;  ///< "-C", "--directory"
  std::string description;
  bool takes_value = false;
  CompletedWord value;
};

struct CompletedVerb {
  std::string name;
  std::string summary;
  std::vector<CompletedOption> options;
  std::vector<CompletedWord> arguments;
};

/// Every verb with its options and arguments, as their commands declare them.
std::vector<CompletedVerb> completed_verbs();

/// The scripts that make a shell complete Spillway's command line.
std::string bash_completions(const std::vector<CompletedVerb>& verbs);
std::string zsh_completions(const std::vector<CompletedVerb>& verbs);
std::string fish_completions(const std::vector<CompletedVerb>& verbs);

}  // namespace spillway::cli
