#include "pipeline/spec_text.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

/// Text that YAML reads back as the same text when it stands there as it is.
bool is_plain_scalar(const std::string& text) {
  constexpr std::string_view k_plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
         text.find_first_not_of(k_plain) == std::string::npos && !parse_bool(text) && text != "null";
}

/// In a cell of a Markdown table.
std::string in_cell(std::string text) { return replace_all(replace_all(std::move(text), "|", "\\|"), "\n", " "); }

std::string options_table(const Json& schema) {
  std::string required;
  std::string optional;
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, option] : properties.items()) {
    const bool is_required = is_required_option(schema, name);
    std::string fallback = is_required ? "required" : "";
    if (const auto value = option.find("default"); value != option.end())
      fallback = fmt::format("`{}`", value->dump());
    (is_required ? required : optional) +=
        fmt::format("| `{}` | {} | {} | {} |\n", name, in_cell(option_type(option)), in_cell(fallback),
                    in_cell(option.value("description", "")));
  }
  return "| option | type | default | |\n|---|---|---|---|\n" + required + optional;
}

std::string code_list(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(fmt::format("`{}`", word));
  return join(quoted, ", ");
}

std::string facts(const ComponentSpec& spec) {
  std::vector<std::string> modes;
  for (const Mode mode : spec.modes) modes.emplace_back(to_string(mode));
  std::string text =
      fmt::format("Version {}, role `{}`, mode {}", spec.version, to_string(spec.role), code_list(modes));
  if (!spec.capabilities.empty()) text += ", capabilities " + code_list(spec.capabilities);
  text += ".\n";
  if (!spec.connection) return text;
  text += fmt::format("\nConnection: `@{}.alias`{}.\n", spec.connection->family,
                      spec.connection->is_required ? "" : ", optional");
  for (const auto& [field, policy] : spec.connection->fields) {
    text += fmt::format("A step's own value for its field `{}`: {}.\n", field, to_string(policy));
  }
  return text;
}

}  // namespace

std::string option_type(const Json& option) {
  if (const auto values = option.find("enum"); values != option.end()) {
    std::vector<std::string> names;
    for (const Json& value : *values) names.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    return join(names, "|");
  }
  const auto type = option.find("type");
  if (type == option.end()) return "any";
  if (type->is_string()) return type->get<std::string>();
  std::vector<std::string> names;
  for (const Json& name : *type) names.push_back(name.get<std::string>());
  return join(names, "|");
}

bool is_required_option(const Json& config_schema, const std::string& name) {
  const auto required = config_schema.find("required");
  return required != config_schema.end() && std::ranges::find(*required, Json(name)) != required->end();
}

std::string option_yaml(const std::string& name, const Json& value, std::size_t indent) {
  const std::string blanks(indent, ' ');
  if (!value.is_string()) return fmt::format("{}{}: {}\n", blanks, name, value.dump());
  const auto text = value.get<std::string>();
  if (text.find('\n') == std::string::npos) {
    return fmt::format("{}{}: {}\n", blanks, name, is_plain_scalar(text) ? text : value.dump());
  }
  std::string lines = fmt::format("{}{}: |\n", blanks, name);
  for (const std::string& line : split(trim(text), '\n')) lines += fmt::format("{}  {}\n", blanks, line);
  return lines;
}

std::string component_page(const ComponentSpec& spec) {
  std::string page = fmt::format("# {}: {}\n\n{}\n\n{}", spec.name, spec.title, trim(spec.description), facts(spec));
  page += "\n## Options\n\n" + options_table(spec.config_schema);
  if (!spec.secrets.empty()) page += fmt::format("\nSecret, and never in a pipeline: {}.\n", code_list(spec.secrets));
  if (!spec.examples.empty()) page += "\n## Examples\n";
  for (const ComponentExample& example : spec.examples) {
    page += fmt::format("\n{}:\n\n```yaml\ncomponent: {}\nconfig:\n", example.title, spec.name);
    for (const auto& [name, value] : example.config.items()) page += option_yaml(name, value, 2);
    page += "```\n";
  }
  if (!spec.hints.empty()) page += "\n## Hints\n\n";
  for (const std::string& hint : spec.hints) page += fmt::format("- {}\n", hint);
  return page;
}

std::string component_index(const ComponentCatalog& catalog) {
  std::string page =
      "# Components\n\n"
      "What steps are made of. `spillway components show NAME` shows the same. The pages are made from\n"
      "`components/<name>/spec.yaml`; a project [adds its own](../own_components.md).\n\n"
      "| component | role | |\n|---|---|---|\n";
  for (const std::string& name : catalog.names()) {
    const ComponentSpec& spec = *catalog.find(name);
    page += fmt::format("| [{}]({}.md) | {} | {} |\n", name, name, to_string(spec.role), spec.title);
  }
  return page;
}

}  // namespace spillway::pipeline
