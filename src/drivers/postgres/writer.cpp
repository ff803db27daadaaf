#include "drivers/postgres/writer.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "drivers/postgres/session.hpp"
#include "drivers/postgres/table_load.hpp"
#include "drivers/sql/retry.hpp"
#include "drivers/sql/write_config.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

void save_ddl(const StepContext& context, const std::vector<std::string>& statements) {
  if (statements.empty()) return;
  const std::filesystem::path path = context.artifacts_dir / "ddl.sql";
  write_file_atomically(path, join(statements, ";\n") + ";\n", Durability::process);
  context.artifact_created("ddl", path);
}

Error write_error(Error error, const sql::TableName& table) {
  if (error.code == ErrorCode::cancelled) return error;
  // Differences of columns name the table already.
  const std::string prefix = fmt::format("cannot write table '{}'", table.shown());
  if (!error.message.starts_with(prefix)) error.message = fmt::format("{}: {}", prefix, error.message);
  return error;
}

}  // namespace

StepResult Writer::run(StepContext& context) const {
  const Stopwatch stopwatch;
  const frame::ResolvedInput& input = required_input(context, "postgres.writer");
  const sql::WriteConfig config = sql::read_write_config(context);
  Json event{{"step_id", context.step_id},
             {"target", config.table.shown()},
             {"write_mode", to_string(config.mode)},
             {"format", "postgres"}};
  context.sink.event("write_start", event);
  LoadOutcome outcome;
  try {
    // Until the commit nothing is there, so that all of it may be done again.
    sql::with_retries({}, context.cancel, [&] {
      const std::unique_ptr<ServerConnection> connection = connect(context);
      outcome = TableLoad(context, config, input, *connection).run();
    });
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

}  // namespace spillway::drivers::postgres
