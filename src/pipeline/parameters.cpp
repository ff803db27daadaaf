#include "pipeline/parameters.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/secret.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::array<std::string_view, 4> k_types{"string", "integer", "number", "boolean"};

bool is_parameter_name(std::string_view name) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::ranges::all_of(name, is_word);
}

bool is_scalar(const Node& node) { return node.kind != NodeKind::list && node.kind != NodeKind::map; }

bool has_type(const Node& value, std::string_view type) {
  switch (value.kind) {
    case NodeKind::string:
      return type == "string";
    case NodeKind::integer:
      return type == "integer" || type == "number";
    case NodeKind::real:
      return type == "number";
    case NodeKind::boolean:
      return type == "boolean";
    default:
      return false;
  }
}

std::string_view type_of(const Node& value) {
  for (std::string_view type : k_types) {
    if (has_type(value, type)) return type;
  }
  return k_types[0];
}

std::string with_type_article(std::string_view type) {
  return fmt::format("{} {}", type == "integer" ? "an" : "a", type);
}

/// A value from a flag or a variable, which are text, as a value of this type.
std::optional<Node> typed(const std::string& text, std::string_view type) {
  Node node{NodeKind::string, {}, text, {}, {}};
  if (type == "string") return node;
  node.kind = plain_scalar_kind(text);
  if (!has_type(node, type) || !is_representable(node.kind, text)) return std::nullopt;
  return node;
}

std::string variable_of(std::string_view name) {
  std::string variable(k_parameter_variable_prefix);
  for (char c : name) variable += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

struct Declaration {
  std::string name;
  Position position;
  std::string type = std::string(k_types[0]);
  const Node* default_value = nullptr;
  const Node* choices = nullptr;
  bool is_sound = true;  ///< false: a value cannot be checked against it
};

class ParameterReader {
 public:
  ParameterReader(const Node& root, const ParameterSources& sources, Diagnostics& diagnostics)
      : m_root(root), m_sources(sources), m_diagnostics(diagnostics) {}

  std::vector<Parameter> read() {
    read_declarations();
    read_profiles();
    check_flags();
    std::vector<Parameter> parameters;
    for (const Declaration& declaration : m_declarations) {
      parameters.push_back({declaration.name, declaration.position, value_of(declaration)});
    }
    return parameters;
  }

 private:
  using Values = std::map<std::string, const Node*>;

  const Node* top(std::string_view key, std::string_view what) {
    const MapEntry* entry = m_root.find(key);
    if (entry == nullptr) return nullptr;
    if (entry->value.kind == NodeKind::map) return &entry->value;
    if (entry->value.kind != NodeKind::null) {
      m_diagnostics.add(
          Code::wrong_type, entry->value.position,
          fmt::format("invalid '{}': must be a map of {}, not {}", key, what, with_article(entry->value.kind)));
    }
    return nullptr;
  }
  void add_unknown_name(const MapEntry& entry, std::string_view where);
  void check_keys(const Node& map, const std::vector<std::string>& known, const std::string& what);
  void read_declarations();
  Declaration read_declaration(const MapEntry& entry);
  void read_type(const Node& map, Declaration& declaration);
  void read_choices(const Node& choices, Declaration& declaration);
  void read_profiles();
  Values read_profile(const MapEntry& profile);
  void check_flags();
  bool accepts(const Declaration& declaration, const Node& value, Position position, const std::string& origin);
  std::optional<Node> value_of(const Declaration& declaration);
  std::optional<Node> from_text(const Declaration& declaration, const std::string& text, const std::string& origin);
  std::string how_to_give(const Declaration& declaration) const;
  void hide_secret(const Declaration& declaration, const std::string& text) {
    if (is_secret_key(declaration.name) || !secret_shape(text).empty()) m_diagnostics.hide(text);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Declaration& declaration : m_declarations) names.push_back(declaration.name);
    return names;
  }
  std::string known_hint(const std::string& name) const {
    const auto nearest = closest_match(name, names());
    if (nearest) return fmt::format("did you mean '{}'?", *nearest);
    return m_declarations.empty() ? "the pipeline declares no parameters"
                                  : fmt::format("the parameters are {}", join(names(), ", "));
  }

  const Node& m_root;
  const ParameterSources& m_sources;
  Diagnostics& m_diagnostics;
  std::vector<Declaration> m_declarations;
  std::map<std::string, Values> m_profiles;
};

void ParameterReader::read_declarations() {
  const Node* params = top("params", "parameters");
  if (params == nullptr) return;
  std::map<std::string, std::string> variables;
  for (const MapEntry& entry : params->entries) {
    if (!is_parameter_name(entry.key)) {
      m_diagnostics.add(Code::invalid_declaration, entry.key_position,
                        fmt::format("invalid parameter '{}': a name has letters, digits and '_', and begins with no "
                                    "digit",
                                    entry.key));
      continue;
    }
    const auto [other, is_new] = variables.emplace(variable_of(entry.key), entry.key);
    if (!is_new) {
      m_diagnostics.add(Code::invalid_declaration, entry.key_position,
                        fmt::format("invalid parameter '{}': it shares the variable {} with '{}'", entry.key,
                                    other->first, other->second),
                        "rename one of them");
    }
    m_declarations.push_back(read_declaration(entry));
  }
}

void ParameterReader::check_keys(const Node& map, const std::vector<std::string>& known, const std::string& what) {
  for (const MapEntry& entry : map.entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    const auto nearest = closest_match(entry.key, known);
    Error& error = m_diagnostics.add(
        Code::invalid_declaration, entry.key_position,
        fmt::format("unknown key '{}': {} has none of that name", entry.key, what),
        nearest ? fmt::format("did you mean '{}'?", *nearest) : fmt::format("its keys are {}", join(known, ", ")));
    if (nearest && map.find(*nearest) == nullptr) error.fix = fix_at(entry.key_position, entry.key, *nearest);
  }
}

Declaration ParameterReader::read_declaration(const MapEntry& entry) {
  Declaration declaration{.name = entry.key, .position = entry.key_position};
  if (entry.value.kind == NodeKind::null) return declaration;
  if (entry.value.kind != NodeKind::map) {
    declaration.is_sound = false;
    const std::string text = entry.value.text;
    Error& error = m_diagnostics.add(
        Code::invalid_declaration, entry.value.position,
        fmt::format("invalid parameter '{}': must be a map with type, default, description or enum, not {}",
                    entry.key, with_article(entry.value.kind)),
        is_scalar(entry.value) ? fmt::format("write {}: {{default: {}}}", entry.key, text) : "");
    const bool is_typed = is_scalar(entry.value) && entry.value.kind != NodeKind::string;
    if (is_typed) error.fix = fix_at(entry.value.position, text, fmt::format("{{default: {}}}", text));
    return declaration;
  }
  check_keys(entry.value, {"type", "default", "description", "enum"}, fmt::format("parameter '{}'", entry.key));
  read_type(entry.value, declaration);
  if (const MapEntry* choices = entry.value.find("enum")) read_choices(choices->value, declaration);
  if (const MapEntry* value = entry.value.find("default"); value != nullptr && declaration.is_sound) {
    const bool fits = accepts(declaration, value->value, value->value.position,
                              fmt::format("the default of parameter '{}'", entry.key));
    if (fits) {
      declaration.default_value = &value->value;
    } else {
      declaration.is_sound = false;
    }
  }
  return declaration;
}

/// A parameter without a type has that of its default.
void ParameterReader::read_type(const Node& map, Declaration& declaration) {
  const MapEntry* type = map.find("type");
  if (type == nullptr) {
    const MapEntry* value = map.find("default");
    if (value != nullptr) declaration.type = type_of(value->value);
    return;
  }
  declaration.type = type->value.text;
  if (std::ranges::find(k_types, declaration.type) != k_types.end()) return;
  declaration.is_sound = false;
  const std::vector<std::string> known(k_types.begin(), k_types.end());
  const auto nearest = closest_match(declaration.type, known);
  Error& error = m_diagnostics.add(Code::invalid_declaration, type->value.position,
                                   fmt::format("unknown type '{}' of parameter '{}': must be {}", declaration.type,
                                               declaration.name, "string, integer, number or boolean"),
                                   nearest ? fmt::format("did you mean '{}'?", *nearest) : "");
  if (nearest) error.fix = fix_at(type->value.position, declaration.type, *nearest);
}

void ParameterReader::read_choices(const Node& choices, Declaration& declaration) {
  if (!declaration.is_sound) return;
  const auto fits = [&](const Node& choice) { return has_type(choice, declaration.type); };
  if (choices.kind == NodeKind::list && !choices.items.empty() && std::ranges::all_of(choices.items, fits)) {
    declaration.choices = &choices;
    return;
  }
  declaration.is_sound = false;
  m_diagnostics.add(Code::invalid_declaration, choices.position,
                    fmt::format("invalid enum of parameter '{}': must be a list of at least one {}", declaration.name,
                                declaration.type));
}

void ParameterReader::read_profiles() {
  if (const Node* profiles = top("profiles", "profiles")) {
    for (const MapEntry& profile : profiles->entries) m_profiles[profile.key] = read_profile(profile);
  }
  if (m_sources.profile.empty() || m_profiles.contains(m_sources.profile)) return;
  std::vector<std::string> known;
  for (const auto& [name, values] : m_profiles) known.push_back(name);
  const MapEntry* entry = m_root.find("profiles");
  const auto nearest = closest_match(m_sources.profile, known);
  std::string hint =
      nearest ? fmt::format("did you mean '{}'?", *nearest) : fmt::format("the profiles are {}", join(known, ", "));
  if (known.empty()) hint = "add it to profiles, e.g. profiles: {dev: {params: {limit: 10}}}";
  m_diagnostics.add(Code::unknown_profile, entry == nullptr ? Position{} : entry->key_position,
                    fmt::format("unknown profile '{}': the pipeline has {}", m_sources.profile,
                                known.empty() ? "no profiles" : "none of that name"),
                    std::move(hint));
}

/// Every profile is checked, whichever is chosen.
ParameterReader::Values ParameterReader::read_profile(const MapEntry& profile) {
  Values values;
  const std::string what = fmt::format("profile '{}'", profile.key);
  if (profile.value.kind == NodeKind::null) return values;
  if (profile.value.kind != NodeKind::map) {
    m_diagnostics.add(
        Code::invalid_declaration, profile.value.position,
        fmt::format("invalid {}: must be a map with params, not {}", what, with_article(profile.value.kind)));
    return values;
  }
  check_keys(profile.value, {"params", "description"}, what);
  const MapEntry* params = profile.value.find("params");
  if (params == nullptr || params->value.kind == NodeKind::null) return values;
  if (params->value.kind != NodeKind::map) {
    m_diagnostics.add(
        Code::invalid_declaration, params->value.position,
        fmt::format("invalid params of {}: must be a map of values, not {}", what, with_article(params->value.kind)));
    return values;
  }
  for (const MapEntry& entry : params->value.entries) {
    const auto declaration = std::ranges::find(m_declarations, entry.key, &Declaration::name);
    if (declaration == m_declarations.end()) {
      add_unknown_name(entry, what);
    } else if (declaration->is_sound && accepts(*declaration, entry.value, entry.value.position,
                                                fmt::format("parameter '{}' in {}", entry.key, what))) {
      values[entry.key] = &entry.value;
    }
  }
  return values;
}

void ParameterReader::add_unknown_name(const MapEntry& entry, std::string_view where) {
  const auto nearest = closest_match(entry.key, names());
  Error& error = m_diagnostics.add(Code::unknown_parameter, entry.key_position,
                                   fmt::format("unknown parameter '{}': {} gives it a value", entry.key, where),
                                   known_hint(entry.key));
  if (nearest) error.fix = fix_at(entry.key_position, entry.key, *nearest);
}

void ParameterReader::check_flags() {
  const MapEntry* params = m_root.find("params");
  for (const auto& [name, value] : m_sources.flags) {
    if (std::ranges::find(m_declarations, name, &Declaration::name) != m_declarations.end()) continue;
    m_diagnostics.add(Code::unknown_parameter, params == nullptr ? Position{} : params->key_position,
                      fmt::format("unknown parameter '{}': --param gives it a value", name), known_hint(name));
  }
}

bool ParameterReader::accepts(const Declaration& declaration, const Node& value, Position position,
                              const std::string& origin) {
  hide_secret(declaration, value.text);
  if (!has_type(value, declaration.type)) {
    const bool lacks_quotes = declaration.type == "string" && is_scalar(value) && !value.text.empty();
    Error& error = m_diagnostics.add(Code::invalid_parameter_value, position,
                                     fmt::format("invalid value{} of {}: must be {}, not {}",
                                                 is_scalar(value) ? fmt::format(" '{}'", value.text) : "", origin,
                                                 with_type_article(declaration.type), with_article(value.kind)),
                                     lacks_quotes ? fmt::format("quote it: \"{}\"", value.text) : "");
    if (lacks_quotes) error.fix = fix_at(position, value.text, fmt::format("\"{}\"", value.text));
    return false;
  }
  if (declaration.choices == nullptr) return true;
  std::vector<std::string> texts;
  for (const Node& choice : declaration.choices->items) {
    if (choice.to_json() == value.to_json()) return true;
    texts.push_back(choice.text);
  }
  const auto nearest = closest_match(value.text, texts);
  Error& error = m_diagnostics.add(
      Code::invalid_parameter_value, position,
      fmt::format("invalid value '{}' of {}: must be one of {}", value.text, origin, join(texts, ", ")),
      nearest ? fmt::format("did you mean '{}'?", *nearest) : "");
  if (nearest) error.fix = fix_at(position, value.text, *nearest);
  return false;
}

std::optional<Node> ParameterReader::from_text(const Declaration& declaration, const std::string& text,
                                               const std::string& origin) {
  if (to_valid_utf8(text) != text) {
    m_diagnostics.add(Code::invalid_parameter_value, declaration.position,
                      fmt::format("invalid value of {}: it is not UTF-8", origin));
    return std::nullopt;
  }
  const std::optional<Node> value = typed(text, declaration.type);
  if (value) return accepts(declaration, *value, declaration.position, origin) ? value : std::nullopt;
  hide_secret(declaration, text);
  m_diagnostics.add(
      Code::invalid_parameter_value, declaration.position,
      fmt::format("invalid value '{}' of {}: must be {}", text, origin, with_type_article(declaration.type)));
  return std::nullopt;
}

std::optional<Node> ParameterReader::value_of(const Declaration& declaration) {
  if (!declaration.is_sound) return std::nullopt;
  if (const auto flag = m_sources.flags.find(declaration.name); flag != m_sources.flags.end()) {
    return from_text(declaration, flag->second, fmt::format("--param {}", declaration.name));
  }
  const std::string variable = variable_of(declaration.name);
  const auto given = m_sources.environment.find(variable);
  if (given != m_sources.environment.end() && !given->second.empty()) {
    return from_text(declaration, given->second, variable);
  }
  if (const auto profile = m_profiles.find(m_sources.profile); profile != m_profiles.end()) {
    if (const auto value = profile->second.find(declaration.name); value != profile->second.end()) {
      return *value->second;
    }
  }
  if (declaration.default_value != nullptr) return *declaration.default_value;
  m_diagnostics.add(
      Code::parameter_without_value, declaration.position,
      fmt::format("parameter without value '{}': it has no default and nothing gives it one", declaration.name),
      how_to_give(declaration));
  return std::nullopt;
}

std::string ParameterReader::how_to_give(const Declaration& declaration) const {
  std::vector<std::string> profiles;
  for (const auto& [name, values] : m_profiles) {
    if (values.contains(declaration.name)) profiles.push_back("--profile " + name);
  }
  std::string hint =
      fmt::format("--param {}=VALUE or {}=VALUE gives it one", declaration.name, variable_of(declaration.name));
  if (!profiles.empty()) hint += fmt::format("; so does {}", join(profiles, " or "));
  return hint;
}

}  // namespace

std::vector<Parameter> read_parameters(const Node& root, const ParameterSources& sources, Diagnostics& diagnostics) {
  return ParameterReader(root, sources, diagnostics).read();
}

}  // namespace spillway::pipeline
