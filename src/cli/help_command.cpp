#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/help_text.hpp"
#include "cli/parse.hpp"
#include "pipeline/component.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr auto k_help_help =
    R"(TOPIC is a command, a component such as filesystem.csv_extractor, or the word components.

Examples:
  spillway help run
  spillway help components
  spillway help duckdb.processor)";

OrderedJson component_json(const pipeline::ComponentSpec& spec) {
  OrderedJson json{{"name", spec.name},
                   {"version", spec.version},
                   {"title", spec.title},
                   {"description", spec.description},
                   {"role", to_string(spec.role)},
                   {"modes", OrderedJson::array()},
                   {"configSchema", spec.config_schema},
                   {"hints", spec.hints}};
  for (const pipeline::Mode mode : spec.modes) json["modes"].push_back(to_string(mode));
  return json;
}

class HelpCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("TOPIC", m_topic, "What to explain")->type_name("");
    app.add_flag("--json", m_json, "Print the commands or components as JSON");
    app.footer(k_help_help);
  }

  int execute(Console& console) override {
    if (m_json) console.use_json();
    if (m_topic.empty()) {
      show_overview(console);
    } else if (const Verb* verb = find_verb(m_topic)) {
      show_verb(*verb, console);
    } else {
      show_components(console);
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

  void show_components(const Console& console) const {
    const auto catalog = pipeline::ComponentCatalog::built_in();
    if (m_topic == "components") {
      show_component_list(catalog, console);
      return;
    }
    const pipeline::ComponentSpec* spec = catalog.find(m_topic);
    if (spec == nullptr) fail(unknown_topic(catalog));
    if (console.is_json()) {
      console.json(component_json(*spec));
    } else {
      console.data(component_help(*spec));
    }
  }

  static void show_component_list(const pipeline::ComponentCatalog& catalog, const Console& console) {
    if (!console.is_json()) {
      console.data(component_list(catalog));
      return;
    }
    OrderedJson list = OrderedJson::array();
    for (const std::string& name : catalog.names()) {
      const pipeline::ComponentSpec& spec = *catalog.find(name);
      list.push_back({{"name", name}, {"title", spec.title}, {"role", to_string(spec.role)}});
    }
    console.json({{"components", std::move(list)}});
  }

  Error unknown_topic(const pipeline::ComponentCatalog& catalog) const {
    std::vector<std::string> topics = catalog.names();
    topics.emplace_back("components");
    for (const Verb& verb : verbs()) topics.emplace_back(verb.name);
    const auto near = closest_match(m_topic, topics);
    return make_error(ErrorCode::usage, fmt::format("there is no help on '{}'", m_topic),
                      near ? fmt::format("did you mean '{}'?", *near)
                           : "spillway help lists the commands, spillway help components the components");
  }

  std::string m_topic;
  bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> make_help_command() { return std::make_unique<HelpCommand>(); }

}  // namespace spillway::cli
