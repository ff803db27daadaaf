#include "drivers/file/bad_rows_file.hpp"

#include <fmt/format.h>

#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

std::string quoted(const std::string& text) { return '"' + replace_all(text, "\"", "\"\"") + '"'; }

}  // namespace

void check_bad_row_count(const std::vector<BadRow>& rows, std::uint64_t most) {
  if (rows.size() <= most) return;
  const BadRow& first = rows.front();
  fail(ErrorCode::bad_data,
       fmt::format("cannot read '{}': there are more than {} bad rows", first.file, with_thousands(most)),
       fmt::format("the first is line {}: {}; max_bad_rows says how many are too many", first.line, first.reason));
}

void write_bad_rows(const StepContext& context, const std::vector<BadRow>& rows) {
  context.sink.metric("rows_skipped", rows.size(), "rows", context.step_id);
  if (rows.empty()) return;
  std::string csv = "file,line,column,reason,text\n";
  for (const BadRow& row : rows) {
    csv += fmt::format("{},{},{},{},{}\n", quoted(row.file), row.line == 0 ? "" : std::to_string(row.line),
                       quoted(row.column), quoted(row.reason), quoted(row.text));
  }
  const std::filesystem::path path = context.artifacts_dir / "bad_rows.csv";
  write_file_atomically(path, csv, Durability::process);
  context.sink.event("bad_rows_skipped", {{"step_id", context.step_id},
                                          {"rows", rows.size()},
                                          {"path", fmt::format("artifacts/{}/bad_rows.csv", context.step_id)}});
  context.artifact_created("bad_rows", path);
}

}  // namespace spillway::drivers::file
