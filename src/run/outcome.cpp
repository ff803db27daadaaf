#include "run/outcome.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "protocol/codec.hpp"

namespace spillway::run {
namespace {

// The worker may be another program: a field that is missing or of another type counts as not given.

std::uint64_t count_field(const Json& object, const char* name, std::uint64_t otherwise = 0) {
  const auto field = object.find(name);
  // A count that never went through text may be held as a signed integer.
  if (field == object.end() || !field->is_number_integer() || field->get<std::int64_t>() < 0) return otherwise;
  return field->get<std::uint64_t>();
}

bool flag_field(const Json& object, const char* name) {
  const auto field = object.find(name);
  return field != object.end() && field->is_boolean() && field->get<bool>();
}

std::string text_field(const Json& object, const char* name) {
  const auto field = object.find(name);
  return field != object.end() && field->is_string() ? field->get<std::string>() : std::string();
}

Json field_or_null(const Json& object, const char* name) {
  const auto field = object.find(name);
  return field != object.end() ? *field : Json();
}

void apply_outputs(StepOutcome& step, const Json& outputs) {
  step.rows_in = count_field(outputs, "rows_in");
  step.rows_out = count_field(outputs, "rows_out");
  step.rows_read = count_field(outputs, "rows_read", step.rows_out);
  step.rows_written = count_field(outputs, "rows_written");
  for (const Json& input : field_or_null(outputs, "inputs")) {
    step.inputs.push_back({text_field(input, "key"), text_field(input, "from_step"), count_field(input, "rows"),
                           flag_field(input, "from_memory"), flag_field(input, "streamed")});
  }
}

}  // namespace

std::string_view to_string(RunStatus status) {
  switch (status) {
    case RunStatus::success:
      return "success";
    case RunStatus::failed:
      return "failed";
    case RunStatus::cancelled:
      return "cancelled";
    case RunStatus::crashed:
      return "crashed";
  }
  return "unknown";
}

bool may_run_again(const RunOutcome& outcome) {
  if (!outcome.error || !outcome.error->retryable || !outcome.failed_step.empty() || outcome.stop_signal != 0) {
    return false;
  }
  return std::ranges::none_of(outcome.steps, [](const StepOutcome& step) {
    if (step.role != pipeline::Role::writer) return false;
    const bool has_started = step.status != StepStatus::pending && step.status != StepStatus::skipped;
    return step.driver.starts_with("filesystem.") ? step.status == StepStatus::succeeded : has_started;
  });
}

std::size_t steps_completed(const std::vector<StepOutcome>& steps) {
  return static_cast<std::size_t>(std::ranges::count(steps, StepStatus::succeeded, &StepOutcome::status));
}

std::uint64_t total_rows(const std::vector<StepOutcome>& steps) {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  for (const StepOutcome& step : steps) {
    if (step.role == pipeline::Role::extractor) read += step.rows_read;
    if (step.role == pipeline::Role::writer) written += step.rows_written;
  }
  const bool has_writer =
      std::ranges::any_of(steps, [](const StepOutcome& step) { return step.role == pipeline::Role::writer; });
  return has_writer ? written : read;
}

void apply_complete(StepOutcome& step, const Json& body) {
  step.duration_ms = count_field(body, "duration_ms");
  const Json outputs = field_or_null(body, "outputs");
  if (outputs.is_object()) {
    apply_outputs(step, outputs);
    apply_frame(step, outputs);
  }
  if (field_or_null(body, "error").is_null()) {
    step.status = StepStatus::succeeded;
    return;
  }
  step.error = protocol::error_from_fields(body);
  step.status = step.error->code == ErrorCode::cancelled ? StepStatus::cancelled : StepStatus::failed;
}

void apply_frame(StepOutcome& step, const Json& frame) {
  step.has_df_in_memory = flag_field(frame, "has_df_in_memory");
  step.spill_used = flag_field(frame, "spill_used");
  step.spill_paths.reset();
  if (const Json paths = field_or_null(frame, "spill_paths"); paths.is_object()) {
    step.spill_paths = SpillPaths{text_field(paths, "parquet"), text_field(paths, "schema")};
  }
}

}  // namespace spillway::run
