#include "support/json_schema.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace spillway::testing {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

std::filesystem::path path_of(const std::string& schema_name) {
  return std::filesystem::path(SPILLWAY_SOURCE_DIR) / "schemas" / (schema_name + ".json");
}

std::unique_ptr<valijson::Schema> load(const std::string& schema_name) {
  std::ifstream file(path_of(schema_name));
  if (!file) throw std::runtime_error("no schema schemas/" + schema_name + ".json");
  const nlohmann::json json = nlohmann::json::parse(file);
  auto schema = std::make_unique<valijson::Schema>();
  valijson::SchemaParser().populateSchema(Adapter(json), *schema);
  return schema;
}

const valijson::Schema& schema_of(const std::string& schema_name) {
  static std::map<std::string, std::unique_ptr<valijson::Schema>> loaded;
  std::unique_ptr<valijson::Schema>& schema = loaded[schema_name];
  if (!schema) schema = load(schema_name);
  return *schema;
}

}  // namespace

std::vector<std::string> schema_errors(const nlohmann::json& document, const std::string& schema_name) {
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(schema_of(schema_name), Adapter(document), &results)) return {};
  std::vector<std::string> errors;
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    std::string place;
    for (const std::string& part : error.context) place += part;
    errors.push_back(schema_name + ": " + place + ": " + error.description);
  }
  return errors;
}

bool schema_exists(const std::string& schema_name) { return std::filesystem::exists(path_of(schema_name)); }

}  // namespace spillway::testing
