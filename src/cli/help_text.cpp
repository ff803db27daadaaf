#include "cli/help_text.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
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

/// What may stand in an option: its type, or the values that it knows.
std::string type_of(const Json& schema) {
  if (const auto values = schema.find("enum"); values != schema.end()) {
    std::vector<std::string> names;
    for (const Json& value : *values) names.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    return join(names, "|");
  }
  const auto type = schema.find("type");
  if (type == schema.end()) return "any";
  if (type->is_string()) return type->get<std::string>();
  std::vector<std::string> names;
  for (const Json& name : *type) names.push_back(name.get<std::string>());
  return join(names, "|");
}

bool is_required(const Json& schema, const std::string& name) {
  const auto required = schema.find("required");
  return required != schema.end() && std::ranges::find(*required, Json(name)) != required->end();
}

std::string option_help(const Json& schema, const std::string& name, const Json& option) {
  std::string head = fmt::format("  {}  {}", name, type_of(option));
  if (is_required(schema, name)) head += ", required";
  if (const auto fallback = option.find("default"); fallback != option.end()) {
    head += fmt::format(", default {}", fallback->dump());
  }
  return head + "\n" + wrapped(option.value("description", ""), 6);
}

/// Text that YAML reads back as the same text when it stands there as it is.
bool is_plain_scalar(const std::string& text) {
  constexpr std::string_view k_plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
         text.find_first_not_of(k_plain) == std::string::npos && !parse_bool(text) && text != "null";
}

/// One option of an example as the line, or the lines, of YAML that a person would write.
std::string yaml_option(const std::string& name, const Json& value) {
  constexpr auto k_indent = "      ";
  if (!value.is_string()) return fmt::format("{}{}: {}\n", k_indent, name, value.dump());
  const auto text = value.get<std::string>();
  if (text.find('\n') == std::string::npos) {
    return fmt::format("{}{}: {}\n", k_indent, name, is_plain_scalar(text) ? text : value.dump());
  }
  std::string lines = fmt::format("{}{}: |\n", k_indent, name);
  for (const std::string& line : split(trim(text), '\n')) lines += fmt::format("{}  {}\n", k_indent, line);
  return lines;
}

std::string options_help(const Json& schema) {
  const Json properties = schema.value("properties", Json::object());
  std::string required;
  std::string optional;
  for (const auto& [name, option] : properties.items()) {
    (is_required(schema, name) ? required : optional) += option_help(schema, name, option);
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
  for (const Verb& verb : verbs()) text += fmt::format("  {:<11} {}\n", verb.name, verb.summary);
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
    for (const auto& [name, value] : example.config.items()) text += yaml_option(name, value);
  }
  if (!spec.hints.empty()) text += "\nHints:\n";
  for (const std::string& hint : spec.hints) text += wrapped("- " + hint, 2);
  return text;
}

}  // namespace spillway::cli
