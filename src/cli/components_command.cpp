#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/help_text.hpp"
#include "cli/pipeline_options.hpp"
#include "pipeline/component.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using nlohmann::ordered_json;

const std::vector<std::string> k_component_actions{"list", "show", "schema"};

constexpr auto k_components_help =
    R"(list shows the components, show NAME the options, examples and hints of one, schema NAME the JSON Schema of its
config. Beside the built-in ones there are those that the project describes in components/<name>/spec.yaml.

Exit codes: 0 shown, 2 usage, 3 a spec of the project is invalid.

Examples:
  spillway components
  spillway components show filesystem.csv_extractor
  spillway components list --json | jq -r '.components[].name'
  spillway components schema duckdb.processor)";

class ComponentsCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("ACTION", m_action, "list, show or schema; default list")->type_name("");
    app.add_option("COMPONENT", m_name, "The component to show")->type_name("");
    m_options.declare_place(app);
    app.footer(k_components_help);
  }

  int execute(Console& console) override {
    m_options.apply(console);
    check_usage();
    const auto catalog = load_catalog(console);
    if (!catalog) return catalog.error();
    if (m_action == "list") {
      show_list(*catalog, console);
      return 0;
    }
    const pipeline::ComponentSpec* spec = catalog->find(m_name);
    if (spec == nullptr) fail(unknown_component(*catalog));
    if (m_action == "schema") {
      console.json(spec->config_schema);
    } else if (console.is_json()) {
      console.json(component_json(*spec, *catalog));
    } else {
      console.data(component_help(*spec));
    }
    return 0;
  }

 private:
  void check_usage() const {
    if (std::ranges::find(k_component_actions, m_action) == k_component_actions.end()) {
      const auto near = closest_match(m_action, k_component_actions);
      fail(ErrorCode::usage, fmt::format("unknown action '{}' of components", m_action),
           near ? fmt::format("did you mean '{}'?", *near)
                : fmt::format("the actions are {}", join(k_component_actions, ", ")));
    }
    if (m_action == "list" && !m_name.empty()) {
      fail(ErrorCode::usage, fmt::format("unexpected argument '{}'", m_name),
           fmt::format("spillway components show {} shows one", m_name));
    }
    if (m_action != "list" && m_name.empty()) {
      fail(ErrorCode::usage, "missing argument 'COMPONENT'", "spillway components lists them");
    }
  }

  static std::string_view source_of(const pipeline::ComponentSpec& spec) {
    return spec.file.empty() ? "built-in" : std::string_view(spec.file);
  }

  /// The spec as it stands in its spec.yaml, and where that is.
  static ordered_json component_json(const pipeline::ComponentSpec& spec, const pipeline::ComponentCatalog& catalog) {
    ordered_json json = ordered_json::parse(catalog.json_of(spec.name));
    json["source"] = source_of(spec);
    return json;
  }

  static void show_list(const pipeline::ComponentCatalog& catalog, const Console& console) {
    if (!console.is_json()) {
      console.data(component_list(catalog));
      return;
    }
    ordered_json list = ordered_json::array();
    for (const std::string& name : catalog.names()) {
      const pipeline::ComponentSpec& spec = *catalog.find(name);
      list.push_back({{"name", name},
                      {"version", spec.version},
                      {"title", spec.title},
                      {"role", to_string(spec.role)},
                      {"source", source_of(spec)}});
    }
    console.json({{"components", std::move(list)}});
  }

  Error unknown_component(const pipeline::ComponentCatalog& catalog) const {
    const auto near = closest_match(m_name, catalog.names());
    return make_error(ErrorCode::usage, fmt::format("unknown component '{}'", m_name),
                      near ? fmt::format("did you mean '{}'?", *near) : "spillway components lists them");
  }

  PipelineOptions m_options;
  std::string m_action = "list";
  std::string m_name;
};

}  // namespace

std::unique_ptr<Command> make_components_command() { return std::make_unique<ComponentsCommand>(); }

}  // namespace spillway::cli
