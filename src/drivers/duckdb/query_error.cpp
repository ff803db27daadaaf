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

/// The file that a query names. The engine says that it may not read it, does not know how to, or takes its name for
/// a table's.
std::optional<std::string> file_in_query(std::string_view message) {
  if (auto locked = text_between(message, "Cannot access file \"", "\"")) return locked;
  if (auto unknown = text_between(message, "capable of reading the file \"", "\"")) return unknown;
  const auto table = text_between(message, "Table with name ", " does not exist!");
  return table && table->find('/') != std::string::npos ? table : std::nullopt;
}

Error not_granted(const QueryScope& scope, Error error) {
  const std::optional<std::string> path = file_in_query(error.message);
  error.code = ErrorCode::access_denied;
  if (!path) {
    error.message = fmt::format("the SQL of step '{}' was refused: {}", scope.step_id,
                                without_error_type(first_line(error.message)));
    if (error.hint.empty()) error.hint = "a step's SQL reads its inputs; files are read by extractor steps";
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
  if (error.code == ErrorCode::access_denied || file_in_query(error.message)) {
    return not_granted(scope, std::move(error));
  }
  if (error.code == ErrorCode::cancelled || error.code == ErrorCode::internal) return error;
  const bool is_unknown_table = error.message.starts_with("Catalog Error: Table with name");
  error.message = without_foreign_caret(error.message, scope.sql);
  if (is_unknown_table) error.hint = "inputs of this step: " + scope.visible_inputs;
  return error;
}

}  // namespace spillway::drivers::duckdb
