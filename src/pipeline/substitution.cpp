#include "pipeline/substitution.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::string_view k_params = "params.";
constexpr std::string_view k_open_reference = "${";

/// What stands in ${…}: a name with dots, or VAR:-default, file:path. Anything else is text that happens to have ${.
bool is_reference(std::string_view inner) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (inner.empty() || !is_word(inner[0])) return false;
  const auto* end = std::ranges::find_if_not(inner, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
  return end == inner.end() || *end == ':';
}

/// A parameter's value inside a longer text.
std::string text_of(const Node& value) {
  return value.kind == NodeKind::string ? value.text : value.to_json().dump();
}

class Substitution {
 public:
  Substitution(const std::vector<Parameter>& parameters, Diagnostics& diagnostics)
      : m_parameters(parameters), m_diagnostics(diagnostics) {
    for (const Parameter& parameter : parameters) m_names.push_back(parameter.name);
  }

  void replace(Node& node);
  void refuse(const Node& node);
  bool is_used(const std::string& name) const { return m_used.contains(name); }

 private:
  const Parameter* find(const Node& node, std::string_view inner);
  void replace_scalar(Node& node);
  void refuse_text(std::string_view text, Position position);

  const std::vector<Parameter>& m_parameters;
  Diagnostics& m_diagnostics;
  std::vector<std::string> m_names;
  std::set<std::string, std::less<>> m_used;
};

void Substitution::replace(Node& node) {
  if (node.kind == NodeKind::string) replace_scalar(node);
  for (Node& item : node.items) replace(item);
  for (MapEntry& entry : node.entries) {
    refuse_text(entry.key, entry.key_position);
    replace(entry.value);
  }
}

/// Reports text outside of configs that a parameter's reference stands in.
void Substitution::refuse(const Node& node) {
  if (node.kind == NodeKind::string) refuse_text(node.text, node.position);
  for (const Node& item : node.items) refuse(item);
  for (const MapEntry& entry : node.entries) refuse(entry.value);
}

void Substitution::refuse_text(std::string_view text, Position position) {
  const std::size_t at = text.find("${params.");
  if (at == std::string_view::npos) return;
  const std::string_view reference = text.substr(at, std::min(text.find('}', at), text.size() - 1) + 1 - at);
  m_diagnostics.add(
      Code::misplaced_reference, position,
      fmt::format("misplaced reference '{}': parameters are replaced in the values of a step's config", reference),
      "write the value out");
}

void Substitution::replace_scalar(Node& node) {
  if (node.text.find(k_open_reference) == std::string::npos) return;
  std::string replaced;
  std::string_view rest = node.text;
  while (true) {
    const std::size_t at = rest.find(k_open_reference);
    if (at == std::string_view::npos) break;
    if (at > 0 && rest[at - 1] == '$') {
      replaced += rest.substr(0, at - 1);
      replaced += k_open_reference;
      rest.remove_prefix(at + k_open_reference.size());
      continue;
    }
    const std::size_t end = rest.find('}', at);
    const std::string_view inner =
        end == std::string_view::npos ? ""
                                      : rest.substr(at + k_open_reference.size(), end - at - k_open_reference.size());
    if (!is_reference(inner)) {
      replaced += rest.substr(0, at + k_open_reference.size());
      rest.remove_prefix(at + k_open_reference.size());
      continue;
    }
    const Parameter* parameter = find(node, inner);
    const bool is_whole = at == 0 && end + 1 == rest.size() && replaced.empty() && rest.size() == node.text.size();
    if (parameter != nullptr && parameter->value && is_whole) {
      node.kind = parameter->value->kind;
      node.text = std::string(parameter->value->text);
      return;
    }
    replaced += rest.substr(0, at);
    if (parameter != nullptr && parameter->value) {
      replaced += text_of(*parameter->value);
    } else {
      replaced += rest.substr(at, end + 1 - at);
    }
    rest.remove_prefix(end + 1);
  }
  node.text = replaced + std::string(rest);
}

/// Null when there is no such parameter, which has then been reported.
const Parameter* Substitution::find(const Node& node, std::string_view inner) {
  if (!inner.starts_with(k_params)) {
    m_diagnostics.add(
        Code::unknown_reference, node.position,
        fmt::format("unknown reference '${{{}}}': a config refers to parameters only, as ${{params.name}}", inner),
        fmt::format("declare a parameter (SPILLWAY_PARAM_NAME gives it from the environment), or write "
                    "$${{{}}} for the text",
                    inner));
    return nullptr;
  }
  const std::string name(inner.substr(k_params.size()));
  const auto parameter = std::ranges::find(m_parameters, name, &Parameter::name);
  if (parameter != m_parameters.end()) {
    m_used.insert(name);
    return &*parameter;
  }
  const auto nearest = closest_match(name, m_names);
  std::string hint = m_names.empty() ? fmt::format("declare it: params: {{{}: {{type: string}}}}", name)
                                     : fmt::format("the parameters are {}", join(m_names, ", "));
  Error& error = m_diagnostics.add(Code::unknown_parameter, node.position,
                                   fmt::format("unknown parameter '{}': params does not declare it", name),
                                   nearest ? fmt::format("did you mean '{}'?", *nearest) : std::move(hint));
  const std::string whole = fmt::format("${{{}}}", inner);
  if (nearest && node.text == whole)
    error.fix = fix_at(node.position, whole, fmt::format("${{params.{}}}", *nearest));
  return nullptr;
}

/// Only a step's config may refer to parameters.
void substitute_in_step(Node& step, Substitution& substitution) {
  for (MapEntry& part : step.entries) {
    if (part.key == "config") {
      substitution.replace(part.value);
    } else {
      substitution.refuse(part.value);
    }
  }
}

}  // namespace

void substitute_parameters(Node& root, const std::vector<Parameter>& parameters, Diagnostics& diagnostics,
                           Diagnostics& warnings) {
  Substitution substitution(parameters, diagnostics);
  for (MapEntry& entry : root.entries) {
    if (entry.key == "description" || entry.key == "metadata") continue;
    if (entry.key != "steps") {
      substitution.refuse(entry.value);
      continue;
    }
    for (Node& step : entry.value.items) substitute_in_step(step, substitution);
  }
  for (const Parameter& parameter : parameters) {
    if (substitution.is_used(parameter.name)) continue;
    warnings.add(Code::unused_parameter, parameter.position,
                 fmt::format("unused parameter '{}': no step's config refers to it", parameter.name),
                 fmt::format("refer to it as ${{params.{}}}, or remove it", parameter.name));
  }
}

}  // namespace spillway::pipeline
