#include "run/closing.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "protocol/codec.hpp"
#include "run/run_card.hpp"
#include "util/file.hpp"

namespace spillway::run {
namespace {

std::string_view end_event(RunStatus status) {
  switch (status) {
    case RunStatus::success:
      return "run_complete";
    case RunStatus::cancelled:
      return "run_cancelled";
    case RunStatus::failed:
    case RunStatus::crashed:
      return "run_failed";
  }
  return "run_failed";
}

}  // namespace

Json null_if_empty(const std::string& text) { return text.empty() ? Json() : Json(text); }

void record_failed_step(Record& record, const StepOutcome& step) {
  Json data = protocol::error_fields(*step.error);
  data["step_id"] = step.step_id;
  data["driver"] = step.driver;
  data["attempt"] = step.attempts;
  record.event("step_failed", data);
}

void record_skipped_step(Record& record, const Skip& skip) {
  record.event("step_skipped", {{"step_id", skip.step_id},
                                {"reason", to_string(skip.reason)},
                                {"because_of", null_if_empty(skip.because_of)}});
}

void write_run_card(const RunOutcome& outcome, Record& record) {
  const std::filesystem::path path = outcome.run_dir / k_run_card_path;
  const std::string text = to_file_text(record.redacted(run_card(outcome)));
  spillway::create_directories(path.parent_path());
  write_file_atomically(path, text, Durability::process);
  record.event(
      "artifact_created",
      {{"step_id", nullptr}, {"artifact_type", "run_card"}, {"path", k_run_card_path}, {"size_bytes", text.size()}});
}

void record_run_end(const RunOutcome& outcome, Record& record) {
  Json data{{"status", to_string(outcome.status)},
            {"exit_code", outcome.exit_code},
            {"steps_completed", steps_completed(outcome.steps)},
            {"steps_total", outcome.steps.size()},
            {"total_rows", total_rows(outcome.steps)},
            {"duration_ms", outcome.duration_ms}};
  if (outcome.error) {
    data.update(protocol::error_fields(*outcome.error));
    data["step_id"] = null_if_empty(outcome.failed_step);
  }
  record.event(end_event(outcome.status), data);
  record.log(fmt::format("run {}: {} of {} steps, {} rows in {} ms", to_string(outcome.status),
                         steps_completed(outcome.steps), outcome.steps.size(), total_rows(outcome.steps),
                         outcome.duration_ms));
}

void write_status(const RunOutcome& outcome) {
  write_file_atomically(outcome.run_dir / "status.json", to_file_text(status_json(outcome)), Durability::process);
}

}  // namespace spillway::run
