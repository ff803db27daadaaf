#include "drivers/file/output_file.hpp"

#include <system_error>

#include <fmt/format.h>

#include "drivers/engine_text.hpp"
#include "drivers/file/input_files.hpp"
#include "engine/sql.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"

namespace spillway::drivers::file {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view k_write_mode = "replace";

struct Target {
  std::string named;  ///< as the config names it
  fs::path path;
  bool is_stdout = false;
};

Target target_of(const StepContext& context) {
  Target target;
  target.named = context.config.at("path").get<std::string>();
  target.is_stdout = target.named == "-";
  target.path = target.is_stdout ? context.artifacts_dir / "stdout" : absolute_path(context, target.named);
  std::error_code ignored;
  if (target.named.ends_with('/') || fs::is_directory(target.path, ignored)) {
    fail(ErrorCode::io, fmt::format("cannot write '{}': it is a folder", target.named),
         fmt::format("name a file in it: {}", (fs::path(target.named) / "output").lexically_normal().string()));
  }
  return target;
}

/// The engine names the temporary file, which the user has never heard of.
Error write_error(Error error, const std::string& named) {
  if (error.code == ErrorCode::cancelled) return error;
  const std::string reason =
      text_between(error.message, ".tmp\": ", "\n").value_or(without_error_type(first_line(error.message)));
  error.message = fmt::format("cannot write '{}': {}", named, reason);
  return error;
}

std::uint64_t copy(const StepContext& context, const CopyJob& job, const fs::path& file, const std::string& named) {
  const std::string sql = fmt::format("COPY ({}) TO {} (FORMAT {}{})", job.select_sql,
                                      engine::quote_literal(file.string()), job.format, job.options);
  try {
    return context.connection.execute(sql, context.control);
  } catch (const Exception& exception) {
    fail(write_error(exception.error(), named));
  }
}

}  // namespace

std::string compression_of_target(const Json& config) {
  auto compression = config.at("compression").get<std::string>();
  if (compression != "auto") return compression;
  // The engine would go by the name of the temporary file.
  const auto path = config.at("path").get<std::string>();
  if (path.ends_with(".gz")) return "gzip";
  return path.ends_with(".zst") ? "zstd" : "none";
}

StepResult write_output(const StepContext& context, const CopyJob& job) {
  const Stopwatch stopwatch;
  const Target target = target_of(context);
  Json event{{"step_id", context.step_id}, {"target", target.named}, {"write_mode", k_write_mode}};
  event["format"] = job.format;
  context.sink.event("write_start", event);

  MissingFolders folders(target.path.parent_path());
  folders.make();
  StepResult result;
  {
    AtomicFile file(target.path, context.session_id + "-" + context.step_id);
    result.rows_written = copy(context, job, file.temp_path(), target.named);
    result.bytes_written = fs::file_size(file.temp_path());
    file.publish(Durability::machine);
  }
  folders.keep();
  if (target.is_stdout) context.artifact_created("stdout", target.path);

  event["rows_written"] = result.rows_written;
  event["bytes_written"] = result.bytes_written;
  event["duration_ms"] = stopwatch.elapsed_ms();
  context.sink.event("write_complete", event);
  context.sink.metric("rows_written", result.rows_written, "rows", context.step_id);
  context.sink.metric("bytes_written", result.bytes_written, "bytes", context.step_id);
  return result;
}

}  // namespace spillway::drivers::file
