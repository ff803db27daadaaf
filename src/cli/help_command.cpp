#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/help_text.hpp"
#include "cli/parse.hpp"

namespace spillway::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr auto k_help_help =
    R"(Example:
  spillway help run)";

class HelpCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("COMMAND", m_name, "What to explain")->type_name("");
    app.add_flag("--json", m_json, "Print the commands as JSON");
    app.footer(k_help_help);
  }

  int execute(Console& console) override {
    if (m_json) console.use_json();
    if (m_name.empty()) {
      show_overview(console);
    } else if (const Verb* verb = find_verb(m_name)) {
      show_verb(*verb, console);
    } else {
      fail(unknown_verb(m_name));
    }
    return 0;
  }

 private:
  static void show_overview(const Console& console) {
    if (!console.is_json()) {
      console.data(overview());
      return;
    }
    OrderedJson list = OrderedJson::array();
    for (const Verb& verb : verbs()) list.push_back({{"name", verb.name}, {"summary", verb.summary}});
    console.json({{"commands", std::move(list)}});
  }

  static void show_verb(const Verb& verb, const Console& console) {
    const std::unique_ptr<Command> command = verb.make();
    const std::string text = make_app(verb, *command)->help();
    if (console.is_json()) {
      console.json({{"name", verb.name}, {"summary", verb.summary}, {"help", text}});
    } else {
      console.data(text);
    }
  }

  std::string m_name;
  bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> make_help_command() { return std::make_unique<HelpCommand>(); }

}  // namespace spillway::cli
