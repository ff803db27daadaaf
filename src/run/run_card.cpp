#include "run/run_card.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "run/stop_signals.hpp"

namespace spillway::run {
namespace {

OrderedJson inputs_json(const std::vector<InputOutcome>& inputs) {
  OrderedJson list = OrderedJson::array();
  for (const InputOutcome& input : inputs) {
    list.push_back({{"key", input.key},
                    {"from_step", input.from_step},
                    {"rows", input.rows},
                    {"from_memory", input.from_memory},
                    {"from_spill", !input.from_memory && !input.is_streamed}});
    if (input.is_streamed) list.back()["streamed"] = true;
  }
  return list;
}

OrderedJson step_json(const StepOutcome& step) {
  OrderedJson json{{"step_id", step.step_id},
                   {"driver", step.driver},
                   {"needs", step.needs},
                   {"status", to_string(step.status)},
                   {"attempts", step.attempts},
                   {"rows_in", step.rows_in},
                   {"rows_out", step.rows_out},
                   {"rows_written", step.rows_written},
                   {"duration_ms", step.duration_ms},
                   {"has_df_in_memory", step.has_df_in_memory},
                   {"spill_used", step.spill_used},
                   {"spill_paths", nullptr},
                   {"inputs", inputs_json(step.inputs)},
                   {"artifacts", step.artifacts},
                   {"error", nullptr}};
  if (step.spill_paths) {
    json["spill_paths"] = {{"parquet", step.spill_paths->parquet}, {"schema", step.spill_paths->schema}};
  }
  if (step.is_streamed) json["streamed"] = true;
  if (step.error) json["error"] = error_json(*step.error);
  if (step.skip) {
    json["skipped"] = {{"reason", to_string(step.skip->reason)}, {"because_of", nullptr}};
    if (!step.skip->because_of.empty()) json["skipped"]["because_of"] = step.skip->because_of;
  }
  return json;
}

/// One line that says why a run did not succeed; null when it did.
OrderedJson reason_of(const RunOutcome& outcome) {
  if (outcome.status == RunStatus::cancelled) {
    return fmt::format("cancelled by {}", outcome.stop_signal == 0 ? "request" : signal_name(outcome.stop_signal));
  }
  if (!outcome.error) return nullptr;
  if (outcome.failed_step.empty()) return outcome.error->full_message();
  return fmt::format("step '{}' failed: {}", outcome.failed_step, outcome.error->full_message());
}

}  // namespace

OrderedJson run_card(const RunOutcome& outcome) {
  OrderedJson steps = OrderedJson::array();
  for (const StepOutcome& step : outcome.steps) steps.push_back(step_json(step));
  OrderedJson card{
      {"session_id", outcome.session_id},
      {"pipeline",
       {{"id", outcome.pipeline_id}, {"name", outcome.pipeline_name}, {"manifest_hash", outcome.manifest_hash}}},
      {"target", outcome.target},
      {"status", to_string(outcome.status)},
      {"started_at", to_iso8601(outcome.started_at)},
      {"finished_at", to_iso8601(outcome.finished_at)},
      {"duration_ms", outcome.duration_ms},
      {"total_rows", total_rows(outcome.steps)},
      {"steps", std::move(steps)},
      {"error", nullptr}};
  if (outcome.error) {
    card["error"] = error_json(*outcome.error);
    if (!outcome.failed_step.empty()) card["error"]["step_id"] = outcome.failed_step;
  }
  return card;
}

OrderedJson status_json(const RunOutcome& outcome) {
  return {{"session_id", outcome.session_id},
          {"sandbox_id", nullptr},
          {"target", outcome.target},
          {"status", to_string(outcome.status)},
          {"ok", outcome.status == RunStatus::success},
          {"exit_code", outcome.exit_code},
          {"steps_completed", steps_completed(outcome.steps)},
          {"steps_total", outcome.steps.size()},
          {"session_path", outcome.run_dir.string()},
          {"session_copied", true},
          {"events_jsonl_exists", std::filesystem::exists(outcome.run_dir / "events.jsonl")},
          {"reason", reason_of(outcome)}};
}

OrderedJson error_json(const Error& error) {
  OrderedJson json{{"code", error.id.empty() ? to_string(error.code) : error.id},
                   {"type", error_type(error.code)},
                   {"message", error.full_message()},
                   {"hint", error.hint.empty() ? OrderedJson() : OrderedJson(error.hint)}};
  if (error.location) {
    json["file"] = error.location->file;
    if (error.location->line != 0) json["line"] = error.location->line;
    if (error.location->column != 0) json["column"] = error.location->column;
  }
  if (!error.source_line.empty()) json["source_line"] = error.source_line;
  if (error.fix) {
    json["fix"] = {{"line", error.fix->line},
                   {"column", error.fix->column},
                   {"old_text", error.fix->old_text},
                   {"new_text", error.fix->new_text}};
  }
  return json;
}

std::string to_file_text(const OrderedJson& json) {
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace spillway::run
