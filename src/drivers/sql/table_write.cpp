#include "drivers/sql/table_write.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "util/clock.hpp"
#include "util/file.hpp"
#include "util/retry.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::sql {
namespace {

void save_ddl(const StepContext& context, const std::vector<std::string>& statements) {
  if (statements.empty()) return;
  const std::filesystem::path path = context.artifacts_dir / "ddl.sql";
  write_file_atomically(path, join(statements, ";\n") + ";\n", Durability::process);
  context.artifact_created("ddl", path);
}

Error write_error(Error error, const TableName& table) {
  if (error.code == ErrorCode::cancelled) return error;
  // Differences of columns name the table already.
  const std::string prefix = fmt::format("cannot write table '{}'", table.shown());
  if (!error.message.starts_with(prefix)) error.message = fmt::format("{}: {}", prefix, error.message);
  return error;
}

/// Of rows that are streamed, those that a failed attempt took are gone.
LoadOutcome once_only(const StepContext& context, const std::function<LoadOutcome()>& attempt) {
  try {
    return attempt();
  } catch (const Exception& exception) {
    Error error = exception.error();
    const bool may_repeat = std::ranges::all_of(context.inputs, &frame::ResolvedInput::is_whole);
    if (error.retryable && !may_repeat) {
      error.retryable = false;
      error.hint = fmt::format(
          "run the pipeline again; without materialize: stream in step '{}' the load would have "
          "been tried again",
          context.inputs.front().from_step);
    }
    fail(std::move(error));
  }
}

Json event_of(const StepContext& context, const WriteConfig& config) {
  return {{"step_id", context.step_id}, {"target", config.table.shown()}, {"write_mode", to_string(config.mode)}};
}

}  // namespace

StepResult write_table(const StepContext& context, const WriteConfig& config, std::string_view format,
                       const std::function<LoadOutcome()>& attempt) {
  const Stopwatch stopwatch;
  Json event = event_of(context, config);
  event["format"] = format;
  context.sink.event("write_start", event);
  LoadOutcome outcome;
  try {
    // Until the commit nothing is there, so that all of it may be done again.
    with_retries({}, context.cancel, [&] { outcome = once_only(context, attempt); });
  } catch (const Exception& exception) {
    fail(write_error(exception.error(), config.table));
  }
  save_ddl(context, outcome.ddl);
  event["rows_written"] = outcome.rows;
  event["bytes_written"] = outcome.bytes;
  event["duration_ms"] = stopwatch.elapsed_ms();
  context.sink.event("write_complete", event);
  context.sink.metric("rows_written", outcome.rows, "rows", context.step_id);
  context.sink.metric("bytes_written", outcome.bytes, "bytes", context.step_id);
  return {.df = {}, .rows_written = outcome.rows, .bytes_written = outcome.bytes};
}

void report_progress(const StepContext& context, const WriteConfig& config, std::uint64_t rows) {
  Json event = event_of(context, config);
  event["rows_written"] = rows;
  context.sink.event("write_progress", event);
}

std::string shown_row(const StepContext& context, const frame::ResolvedInput& input, std::uint64_t number) {
  constexpr std::size_t k_shown_bytes = 300;
  try {
    const auto rows = context.connection.rows(
        fmt::format("SELECT CAST(r AS VARCHAR) FROM ({}) AS r LIMIT 1 OFFSET {}", input.select_sql, number - 1));
    if (rows.empty()) return {};
    std::string text = rows[0][0].value_or("");
    if (text.size() > k_shown_bytes) text = to_valid_utf8(std::string_view(text).substr(0, k_shown_bytes)) + "…";
    return fmt::format("; row {} of the input is {}", number, text);
  } catch (const Exception&) {  // the server's error counts
    return fmt::format("; it is row {} of the input", number);
  }
}

}  // namespace spillway::drivers::sql
