#include "pipeline/config_schema.hpp"

// Without it valijson ends the process where it would throw.
#define VALIJSON_USE_EXCEPTIONS 1

#include <exception>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace spillway::pipeline {
namespace {

using Json = nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

/// For a broken keyword that explain_problems does not know: the validator's own words.
ConfigProblem first_result(const valijson::Schema& schema, const Json& config) {
  valijson::ValidationResults results;
  valijson::Validator().validate(schema, Adapter(config), &results);
  ConfigProblem problem;
  valijson::ValidationResults::Error first;
  if (results.popError(first)) {
    // Its context is {"<root>", "[key]", "[0]"}.
    for (std::size_t i = 1; i < first.context.size(); ++i) {
      problem.path.push_back(first.context[i].substr(1, first.context[i].size() - 2));
    }
  }
  problem.reason = first.description.empty() ? "does not fit its schema" : first.description;
  return problem;
}

}  // namespace

struct ConfigSchema::Impl {
  const Json& json;
  valijson::Schema schema;
};

ConfigSchema::ConfigSchema(const Json& schema) : ConfigSchema(value_or_throw(make(schema))) {}
ConfigSchema::ConfigSchema(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}

Result<ConfigSchema> ConfigSchema::make(const Json& schema) {
  std::unique_ptr<Impl> impl(new Impl{schema, {}});
  try {
    valijson::SchemaParser().populateSchema(Adapter(schema), impl->schema);
  } catch (const std::exception& exception) {
    return Failure(make_error(ErrorCode::internal, fmt::format("invalid configSchema: {}", exception.what())));
  }
  return ConfigSchema(std::move(impl));
}

ConfigSchema::ConfigSchema(ConfigSchema&&) noexcept = default;
ConfigSchema& ConfigSchema::operator=(ConfigSchema&&) noexcept = default;
ConfigSchema::~ConfigSchema() = default;

std::vector<ConfigProblem> ConfigSchema::check(const Json& config) const {
  if (valijson::Validator().validate(m_impl->schema, Adapter(config), nullptr)) return {};
  std::vector<ConfigProblem> problems = explain_problems(m_impl->json, config);
  if (problems.empty()) problems.push_back(first_result(m_impl->schema, config));
  return problems;
}

void ConfigSchema::fill_defaults(Json& config) const {
  const auto properties = m_impl->json.find("properties");
  if (properties == m_impl->json.end()) return;
  for (const auto& [key, property] : properties->items()) {
    if (const auto value = property.find("default"); value != property.end() && !config.contains(key)) {
      config[key] = *value;
    }
  }
}

}  // namespace spillway::pipeline
