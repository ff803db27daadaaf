#include "pipeline/connection_names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::string_view k_option = "connection";
constexpr std::string_view k_default_alias = "default";

std::string reference_to(const std::string& family, const std::string& alias) {
  return fmt::format("@{}.{}", family, alias);
}

}  // namespace

void ConnectionChecker::check(const OmlStep& step, Json& config) {
  const ConnectionSpec& spec = *step.component->connection;
  const MapEntry* entry = step.config == nullptr ? nullptr : step.config->find(k_option);
  std::string alias;
  if (entry == nullptr) {
    if (!spec.is_required) return;
    alias = default_alias(step, spec.family, step.config_position);
  } else {
    const std::string& text = entry->value.text;
    const std::size_t dot = text.find('.');
    const std::string family = text.substr(0, dot);
    if (entry->value.kind != NodeKind::string || !text.starts_with('@') || family.size() < 2 ||
        dot + 1 == text.size()) {
      // What stands there instead of a reference may be a secret, such as a URL with a password.
      m_diagnostics.add(
          Code::invalid_connection, entry->value.position,
          fmt::format("invalid connection of step '{}': must be a reference such as @{}.main", step.id, spec.family),
          "put the connection itself in spillway_connections.yaml");
      return;
    }
    if (family.substr(1) != spec.family) {
      m_diagnostics.add(Code::invalid_connection, entry->value.position,
                        fmt::format("invalid connection '{}' of step '{}': {} takes one of the family {}", text,
                                    step.id, step.component->name, spec.family),
                        list(spec.family));
      return;
    }
    alias = dot == std::string::npos ? default_alias(step, spec.family, entry->value.position)
                                     : known_alias(spec.family, text.substr(dot + 1), entry->value);
  }
  if (alias.empty()) return;
  config[k_option] = reference_to(spec.family, alias);
  check_overrides(step);
}

/// "the connections are @mysql.a, @mysql.b"
std::string ConnectionChecker::list(const std::string& family) const {
  const auto found = m_names.families.find(family);
  if (found == m_names.families.end() || found->second.empty()) {
    return fmt::format("declare it in {}", m_names.file.empty() ? "spillway_connections.yaml" : m_names.file);
  }
  std::vector<std::string> references;
  for (const ConnectionNames::Alias& alias : found->second) references.push_back(reference_to(family, alias.name));
  return fmt::format("the connections are {}", join(references, ", "));
}

std::string ConnectionChecker::default_alias(const OmlStep& step, const std::string& family, Position position) {
  const auto found = m_names.families.find(family);
  const bool is_known = found != m_names.families.end();
  if (is_known && found->second.size() == 1) return found->second.front().name;
  if (is_known) {
    const auto marked = std::ranges::find(found->second, true, &ConnectionNames::Alias::is_default);
    if (marked != found->second.end()) return marked->name;
    const auto named = std::ranges::find(found->second, k_default_alias, &ConnectionNames::Alias::name);
    if (named != found->second.end()) return named->name;
  }
  m_diagnostics.add(Code::no_default_connection, position,
                    fmt::format("no default connection '@{}' for step '{}': {}", family, step.id,
                                is_known ? "several are declared, and none is marked default: true or named default"
                                         : "none of this family is declared"),
                    list(family));
  return {};
}

std::string ConnectionChecker::known_alias(const std::string& family, const std::string& alias,
                                           const Node& reference) {
  std::vector<std::string> aliases;
  if (const auto found = m_names.families.find(family); found != m_names.families.end()) {
    for (const ConnectionNames::Alias& known : found->second) aliases.push_back(known.name);
  }
  if (std::ranges::find(aliases, alias) != aliases.end()) return alias;
  const auto nearest = closest_match(alias, aliases);
  Error& error =
      m_diagnostics.add(Code::unknown_connection, reference.position,
                        fmt::format("unknown connection '{}': {}", reference.text,
                                    m_names.file.empty() ? "the project has no spillway_connections.yaml"
                                                         : fmt::format("{} has none of that name", m_names.file)),
                        nearest ? fmt::format("did you mean '{}'?", reference_to(family, *nearest)) : list(family));
  if (nearest) error.fix = fix_at(reference.position, reference.text, reference_to(family, *nearest));
  return {};
}

void ConnectionChecker::check_overrides(const OmlStep& step) {
  if (step.config == nullptr) return;
  for (const MapEntry& entry : step.config->entries) {
    const auto field = step.component->connection->fields.find(entry.key);
    if (field == step.component->connection->fields.end() || field->second == Override::allowed) continue;
    if (field->second == Override::forbidden) {
      m_diagnostics.add(Code::override_forbidden, entry.key_position,
                        fmt::format("overridden field '{}' of step '{}': {} takes it from the connection only",
                                    entry.key, step.id, step.component->name),
                        "set it in the connections file, or use another connection");
    } else {
      m_warnings.add(Code::override_discouraged, entry.key_position,
                     fmt::format("overridden field '{}' of step '{}': the connection's own value is not used",
                                 entry.key, step.id),
                     "remove it unless this is meant");
    }
  }
}

}  // namespace spillway::pipeline
