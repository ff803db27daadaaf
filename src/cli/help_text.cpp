#include "cli/help_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "pipeline/spec_text.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using pipeline::Json;

constexpr std::size_t k_text_width = 100;

/// Words on lines of at most k_text_width columns, each line after `indent` blanks.
std::string wrapped(const std::string& text, std::size_t indent) {
  std::string lines;
  std::string line;
  for (const std::string& word : split(replace_all(text, "\n", " "), ' ')) {
    if (word.empty()) continue;
    if (!line.empty() && indent + line.size() + 1 + word.size() > k_text_width) {
      lines += std::string(indent, ' ') + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line.empty() ? lines : lines + std::string(indent, ' ') + line + "\n";
}

std::string option_help(const Json& schema, const std::string& name, const Json& option) {
  std::string head = fmt::format("  {}  {}", name, pipeline::option_type(option));
  if (pipeline::is_required_option(schema, name)) head += ", required";
  if (const auto fallback = option.find("default"); fallback != option.end()) {
    head += fmt::format(", default {}", fallback->dump());
  }
  return head + "\n" + wrapped(option.value("description", ""), 6);
}

std::string options_help(const Json& schema) {
  const Json properties = schema.value("properties", Json::object());
  std::string required;
  std::string optional;
  for (const auto& [name, option] : properties.items()) {
    (pipeline::is_required_option(schema, name) ? required : optional) += option_help(schema, name, option);
  }
  return required + optional;
}

std::string connection_help(const pipeline::ComponentSpec& spec) {
  if (!spec.connection) return {};
  std::string text = fmt::format("Connection: @{}.alias", spec.connection->family);
  std::vector<std::string> fields;
  for (const auto& [name, policy] : spec.connection->fields) {
    if (policy == pipeline::Override::allowed) continue;
    fields.push_back(fmt::format("{} ({})", name, to_string(policy)));
  }
  if (!fields.empty()) text += fmt::format("; a step's own value for a field: {}", join(fields, ", "));
  return text + ".\n";
}

}  // namespace

std::string overview() {
  std::string text = "Spillway runs data pipelines.\n\nUsage: spillway COMMAND [OPTIONS]\n\nCommands:\n";
  for (const Verb& verb : verbs()) text += fmt::format("  {:<12} {}\n", verb.name, verb.summary);
  return text +
         "\nspillway help COMMAND               explains one of them\n"
         "spillway components                 lists the components that steps are made of\n"
         "spillway components show COMPONENT  shows the options of one, e.g. filesystem.csv_extractor\n";
}

std::string component_list(const pipeline::ComponentCatalog& catalog) {
  std::string text;
  for (const std::string& name : catalog.names()) {
    const pipeline::ComponentSpec& spec = *catalog.find(name);
    text += fmt::format("{:<30} {}{}\n", name, spec.title, spec.file.empty() ? "" : " (of this project)");
  }
  return text;
}

std::string component_help(const pipeline::ComponentSpec& spec) {
  std::string text = fmt::format("{}: {}\n\n{}", spec.name, spec.title, wrapped(spec.description, 0));
  std::vector<std::string> modes;
  for (const pipeline::Mode mode : spec.modes) modes.emplace_back(to_string(mode));
  text += fmt::format("\nVersion: {}. Role: {}. Modes: {}.\n", spec.version, to_string(spec.role), join(modes, ", "));
  if (!spec.capabilities.empty()) text += fmt::format("Capabilities: {}.\n", join(spec.capabilities, ", "));
  if (!spec.file.empty()) text += fmt::format("Described in {}; this Spillway has no driver for it.\n", spec.file);
  text += connection_help(spec);
  text += "\nOptions (config of a step):\n" + options_help(spec.config_schema);
  if (!spec.examples.empty()) text += "\nExamples:\n";
  for (const pipeline::ComponentExample& example : spec.examples) {
    text += fmt::format("  {}\n    config:\n", example.title);
    for (const auto& [name, value] : example.config.items()) text += pipeline::option_yaml(name, value, 6);
  }
  if (!spec.hints.empty()) text += "\nHints:\n";
  for (const std::string& hint : spec.hints) text += wrapped("- " + hint, 2);
  return text;
}

}  // namespace spillway::cli
