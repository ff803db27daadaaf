#include "drivers/sql/write_config.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>

namespace spillway::drivers::sql {
namespace {

std::vector<std::string> texts_of(const Json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return {};
  if (found->is_string()) return {found->get<std::string>()};
  return found->get<std::vector<std::string>>();
}

WriteMode mode_of(std::string_view text) {
  if (text == "replace") return WriteMode::replace;
  if (text == "upsert") return WriteMode::upsert;
  return text == "truncate" ? WriteMode::truncate : WriteMode::append;
}

OnSchemaChange policy_of(std::string_view text) {
  if (text == "evolve") return OnSchemaChange::evolve;
  return text == "ignore" ? OnSchemaChange::ignore : OnSchemaChange::fail;
}

void check(const WriteConfig& config, const std::string& step_id) {
  if (config.mode == WriteMode::upsert && config.primary_key.empty()) {
    fail(ErrorCode::invalid_config, fmt::format("cannot upsert in step '{}': it names no primary_key", step_id),
         "primary_key: [id] says which columns tell a row from another");
  }
  std::set<std::string> seen;
  for (const std::string& column : config.primary_key) {
    if (seen.insert(column).second) continue;
    fail(ErrorCode::invalid_config,
         fmt::format("invalid primary_key of step '{}': '{}' is named twice", step_id, column));
  }
}

}  // namespace

std::string_view to_string(WriteMode mode) {
  switch (mode) {
    case WriteMode::append:
      return "append";
    case WriteMode::replace:
      return "replace";
    case WriteMode::upsert:
      return "upsert";
    case WriteMode::truncate:
      break;
  }
  return "truncate";
}

WriteConfig read_write_config(const StepContext& context) {
  const Json& json = context.config;
  WriteConfig config;
  config.table = value_or_throw(parse_table_name(json.at("table").get<std::string>()));
  config.mode = mode_of(json.at("write_mode").get<std::string>());
  config.primary_key = texts_of(json, "primary_key");
  config.create_if_missing = json.at("create_if_missing").get<bool>();
  config.batch_size = json.at("batch_size").get<std::uint64_t>();
  if (json.at("on_conflict") == "ignore") config.on_conflict = OnConflict::ignore;
  if (json.at("duplicates") == "last") config.duplicates = Duplicates::last;
  config.on_schema_change = policy_of(json.at("on_schema_change").get<std::string>());
  check(config, context.step_id);
  return config;
}

}  // namespace spillway::drivers::sql
