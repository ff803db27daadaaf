#include <array>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/completions.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

constexpr auto k_completions_help =
    R"help(Prints a script that makes a shell complete commands, options, components, pipelines and folders.

To install it:
  bash   echo 'source <(spillway completions bash)' >> ~/.bashrc
  zsh    echo 'source <(spillway completions zsh)' >> ~/.zshrc, after the line with compinit
  fish   spillway completions fish > ~/.config/fish/completions/spillway.fish)help";

using Generate = std::string (*)(const std::vector<CompletedVerb>&);
constexpr std::array<std::pair<std::string_view, Generate>, 3> k_shells{
    {{"bash", bash_completions}, {"zsh", zsh_completions}, {"fish", fish_completions}}};

class CompletionsCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("SHELL", m_shell, "bash, zsh or fish")->required()->type_name("");
    app.add_flag("--json", m_json, "Print the script as JSON");
    app.footer(k_completions_help);
  }

  int execute(Console& console) override {
    if (m_json) console.use_json();
    std::vector<std::string> known;
    for (const auto& [shell, generate] : k_shells) {
      known.emplace_back(shell);
      if (shell != m_shell) continue;
      const std::string script = generate(completed_verbs());
      m_json ? console.json({{"shell", shell}, {"script", script}}) : console.data(script);
      return 0;
    }
    const auto near = closest_match(m_shell, known);
    fail(ErrorCode::usage, fmt::format("unknown shell '{}'", m_shell),
         near ? fmt::format("did you mean '{}'?", *near) : fmt::format("the shells are {}", join(known, ", ")));
  }

 private:
  std::string m_shell;
  bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> make_completions_command() { return std::make_unique<CompletionsCommand>(); }

}  // namespace spillway::cli
