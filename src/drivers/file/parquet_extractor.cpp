#include "drivers/file/parquet_extractor.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "drivers/engine_text.hpp"
#include "drivers/file/columns.hpp"
#include "drivers/file/config.hpp"
#include "drivers/file/input_files.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::quote_identifier;
using engine::Schema;

std::string read_parquet(const std::vector<InputFile>& files, const Json& config, const std::string& extra = {}) {
  std::vector<std::string> paths;
  for (const InputFile& file : files) paths.push_back(file.path.string());
  return fmt::format("read_parquet({}, union_by_name = {}, hive_partitioning = {}{})", engine::quote_list(paths),
                     config.at("union_by_name").get<bool>(), config.at("hive_partitions").get<bool>(), extra);
}

bool is_about_the_run(ErrorCode code) {
  return code == ErrorCode::cancelled || code == ErrorCode::out_of_memory || code == ErrorCode::disk_full;
}

/// The engine's error in terms of the files that the config names.
Error explain(const std::vector<InputFile>& files, Error error) {
  if (is_about_the_run(error.code)) return error;
  // The statement is ours, so what the engine finds wrong in it comes from the file.
  if (error.code == ErrorCode::sql) error.code = ErrorCode::bad_data;
  const InputFile* file = file_in(error.message, files);
  if (file == nullptr) {
    error.message =
        fmt::format("cannot read {}: {}", described(files), without_error_type(first_line(error.message)));
    return error;
  }
  const std::string path = file->path.string();
  std::string reason = text_between(error.message, path + "\": ", "\n").value_or("");
  if (reason.empty()) reason = replace_all(without_error_type(first_line(error.message)), path, file->shown);
  if (reason.find("magic bytes") != std::string::npos || reason.find("too small") != std::string::npos) {
    reason = "it does not end as a Parquet file does";
    error.hint = "it is another kind of file, or was copied only in part";
  }
  error.code = ErrorCode::bad_data;
  error.message = fmt::format("cannot read '{}': {}", file->shown, reason);
  return error;
}

Schema describe(StepContext& context, const std::vector<InputFile>& files) {
  try {
    return context.connection.describe("FROM " + read_parquet(files, context.config));
  } catch (const Exception& exception) {
    fail(explain(files, exception.error()));
  }
}

const engine::Column* find_column(const Schema& schema, const std::string& name) {
  const auto found = std::ranges::find(schema, name, &engine::Column::name);
  return found == schema.end() ? nullptr : &*found;
}

/// How the columns of `schema` differ from those of the first file; empty when they do not.
std::string difference(const Schema& first, const Schema& schema) {
  for (const engine::Column& column : first) {
    const engine::Column* other = find_column(schema, column.name);
    if (other == nullptr) return fmt::format("it lacks column '{}'", column.name);
    if (other->type != column.type) {
      return fmt::format("its column '{}' is {}, not {}", column.name, other->type.to_sql(), column.type.to_sql());
    }
  }
  for (const engine::Column& column : schema) {
    if (find_column(first, column.name) == nullptr) return fmt::format("it has a column '{}' more", column.name);
  }
  return {};
}

/// The engine takes the first file's columns for those of all: it would leave out what others have more, and round
/// what does not fit.
void check_same_columns(StepContext& context, const std::vector<InputFile>& files, const Schema& first) {
  for (std::size_t i = 1; i < files.size(); ++i) {
    const std::string different = difference(first, describe(context, {files[i]}));
    if (different.empty()) continue;
    fail(ErrorCode::bad_data,
         fmt::format("cannot read '{}' together with '{}': {}", files[i].shown, files[0].shown, different),
         "union_by_name: true combines files of different columns");
  }
}

}  // namespace

StepResult ParquetExtractor::run(StepContext& context) const {
  std::vector<InputFile> files = input_files(context);
  const Schema schema = describe(context, files);
  if (!context.config.at("union_by_name").get<bool>()) check_same_columns(context, files, schema);
  std::vector<std::string> names;
  for (const engine::Column& column : schema) names.push_back(column.name);
  check_filename_column(context, names, described(files));

  std::vector<std::string> items;
  for (const std::string& name : selected_columns(context, names, described(files))) {
    items.push_back(quote_identifier(name));
  }
  std::string extra;
  if (const auto name = option<std::string>(context.config, "filename_column")) {
    items.push_back(shown_path_sql(context, *name) + " AS " + quote_identifier(*name));
    extra = ", filename = " + engine::quote_literal(*name);
  }
  engine::Relation relation;
  relation.sql = fmt::format("SELECT {} FROM {}{}", join(items, ", "), read_parquet(files, context.config, extra),
                             limit_sql(context));
  relation.explain = [files = std::move(files)](engine::Connection&, Error error) {
    return explain(files, std::move(error));
  };
  return {.df = std::move(relation)};
}

}  // namespace spillway::drivers::file
