#include "pipeline/config_check.hpp"

#include <utility>

#include <fmt/format.h>

#include "pipeline/place.hpp"

namespace spillway::pipeline {
namespace {

/// Takes the connection and its fields out of a config, as far as the schema does not list them: every component with
/// a connection takes these.
Json take_connection_options(const ComponentSpec& component, Json& config) {
  Json taken = Json::object();
  if (!component.connection) return taken;
  const Json properties = component.config_schema.value("properties", Json::object());
  const auto take = [&](const std::string& key) {
    if (properties.contains(key) || !config.contains(key)) return;
    taken[key] = std::move(config[key]);
    config.erase(key);
  };
  take("connection");
  for (const auto& [field, policy] : component.connection->fields) take(field);
  return taken;
}

}  // namespace

Json ConfigChecker::check(const OmlStep& step) {
  if (!step.is_config_readable) return Json::object();
  Json config = step.config == nullptr ? Json::object() : step.config->to_json();
  if (step.component->connection) m_connections.check(step, config);
  const Json connection_options = take_connection_options(*step.component, config);
  const ConfigSchema& schema = schema_of(*step.component);
  for (const ConfigProblem& problem : schema.check(config)) report(problem, step);
  schema.fill_defaults(config);
  config.update(connection_options);
  return config;
}

const ConfigSchema& ConfigChecker::schema_of(const ComponentSpec& component) {
  const auto known = m_schemas.find(&component);
  if (known != m_schemas.end()) return known->second;
  return m_schemas.emplace(&component, ConfigSchema(component.config_schema)).first->second;
}

void ConfigChecker::report(const ConfigProblem& problem, const OmlStep& step) {
  const std::string option = path_text(problem.path);
  const Place place = find_place(step.config, step.config_position, problem.path);
  switch (problem.kind) {
    case ConfigProblem::Kind::unknown_key: {
      Error& error = m_diagnostics.add(Code::unknown_option, place.key_position,
                                       fmt::format("unknown option '{}' of step '{}': {} has none of that name",
                                                   option, step.id, step.component->name),
                                       problem.hint);
      // A map that has the right option too is not mended by a second one.
      if (!problem.nearest.empty() && place.parent != nullptr && place.parent->find(problem.nearest) == nullptr) {
        error.fix = fix_at(place.key_position, problem.path.back(), problem.nearest);
      }
      return;
    }
    case ConfigProblem::Kind::missing_key:
      m_diagnostics.add(
          Code::missing_option, place.key_position,
          fmt::format("missing option '{}' of step '{}': {} needs it", option, step.id, step.component->name),
          problem.hint);
      return;
    case ConfigProblem::Kind::invalid_value:
      break;
  }
  // A reference without a value has been reported; what it stands for would have another type.
  if (place.value != nullptr && place.value->text.find("${params.") != std::string::npos) return;
  const bool lacks_quotes = problem.wants_string && place.value != nullptr && !place.value->text.empty();
  Error& error =
      m_diagnostics.add(Code::invalid_option, place.position,
                        fmt::format("invalid option '{}' of step '{}': {}", option, step.id, problem.reason),
                        lacks_quotes ? fmt::format("quote it: \"{}\"", place.value->text) : problem.hint);
  if (lacks_quotes) {
    error.fix = fix_at(place.position, place.value->text, fmt::format("\"{}\"", place.value->text));
  } else if (!problem.nearest.empty() && place.value != nullptr) {
    error.fix = fix_at(place.position, place.value->text, problem.nearest);
  }
}

}  // namespace spillway::pipeline
