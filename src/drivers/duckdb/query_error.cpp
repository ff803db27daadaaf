#include "drivers/duckdb/query_error.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "drivers/engine_text.hpp"

namespace spillway::drivers::duckdb {
namespace {

std::string_view extractor_for(const std::string& path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> k_extractors{{
      {".parquet", "filesystem.parquet_extractor"},
      {".json", "filesystem.json_extractor"},
      {".jsonl", "filesystem.json_extractor"},
      {".ndjson", "filesystem.json_extractor"},
  }};
  const std::string extension = std::filesystem::path(path).extension().string();
  for (const auto& [suffix, component] : k_extractors) {
    if (extension == suffix) return component;
  }
  return "filesystem.csv_extractor";
}

Error not_granted(const QueryScope& scope, Error error) {
  const std::optional<std::string> path = text_between(error.message, "Cannot access file \"", "\"");
  if (!path) {
    error.message = fmt::format("the SQL of step '{}' was refused: {}", scope.step_id,
                                without_error_type(first_line(error.message)));
    error.hint = "a step's SQL reads its inputs; files are read by extractor steps";
    return error;
  }
  error.message = fmt::format("the SQL of step '{}' may not read '{}': the pipeline does not name this path",
                              scope.step_id, *path);
  error.hint = fmt::format(
      "read it in a step of its own, and name that step in the needs of '{}':\n"
      "    - id: read-file\n"
      "      component: {}\n"
      "      config: {{path: {}}}",
      scope.step_id, extractor_for(*path), *path);
  return error;
}

}  // namespace

Error explain_query_error(const QueryScope& scope, Error error) {
  if (error.code == ErrorCode::access_denied) return not_granted(scope, std::move(error));
  if (error.code == ErrorCode::cancelled || error.code == ErrorCode::internal) return error;
  const bool is_unknown_table = error.message.starts_with("Catalog Error: Table with name");
  error.message = without_foreign_caret(error.message, scope.sql);
  if (is_unknown_table) error.hint = "inputs of this step: " + scope.visible_inputs;
  return error;
}

}  // namespace spillway::drivers::duckdb
