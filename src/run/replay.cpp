#include "run/replay.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "pipeline/component.hpp"
#include "protocol/codec.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::run {
namespace {

constexpr auto k_unknown = "unknown";

RunStatus status_of(const std::string& name) {
  for (const RunStatus status : {RunStatus::success, RunStatus::failed, RunStatus::cancelled}) {
    if (name == to_string(status)) return status;
  }
  return RunStatus::crashed;
}

/// Builds up what the host of the run knew, event by event.
class EventReader {
 public:
  EventReader(const std::filesystem::path& run_dir, const std::optional<pipeline::Manifest>& manifest)
      : m_catalog(pipeline::ComponentCatalog::built_in()) {
    RunOutcome& outcome = m_replayed.outcome;
    outcome.run_dir = run_dir;
    outcome.session_id = run_dir.filename().string();
    outcome.pipeline_id = manifest ? manifest->pipeline_id : k_unknown;
    outcome.pipeline_name = manifest ? manifest->pipeline_name : k_unknown;
    outcome.manifest_hash = manifest ? manifest->hash() : k_unknown;
    outcome.target = k_unknown;
    if (!manifest) return;
    for (const pipeline::ManifestStep& step : manifest->steps) add_step(step.id, step.driver).needs = step.needs;
  }

  void read(const Json& event) {
    m_replayed.last_seq = std::max(m_replayed.last_seq, protocol::count_or(event, "seq"));
    if (const auto time = from_iso8601(protocol::text_or(event, "ts"))) note_time(*time);
    const std::string name = protocol::text_or(event, "event");
    if (name == "run_start") {
      read_start(event);
    } else if (event.contains("exit_code")) {
      read_end(event);
    } else if (const std::string step_id = protocol::text_or(event, "step_id"); !step_id.empty()) {
      read_step(step_of(step_id, event), name, event);
    }
  }
  Replayed take() { return std::move(m_replayed); }

 private:
  StepOutcome& add_step(const std::string& step_id, const std::string& driver) {
    StepOutcome& step = m_replayed.outcome.steps.emplace_back();
    step.step_id = step_id;
    step.driver = driver;
    if (const pipeline::ComponentSpec* spec = m_catalog.find(driver)) step.role = spec->role;
    return step;
  }
  StepOutcome& step_of(const std::string& step_id, const Json& event) {
    const auto known = std::ranges::find(m_replayed.outcome.steps, step_id, &StepOutcome::step_id);
    if (known != m_replayed.outcome.steps.end()) return *known;
    const std::string driver = protocol::text_or(event, "driver");
    return add_step(step_id, driver.empty() ? k_unknown : driver);
  }

  void note_time(WallTime time) {
    RunOutcome& outcome = m_replayed.outcome;
    if (!std::exchange(m_has_time, true)) outcome.started_at = time;
    // The clock may have been set back meanwhile.
    outcome.finished_at = std::max({outcome.finished_at, outcome.started_at, time});
    outcome.duration_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(outcome.finished_at - outcome.started_at).count());
  }

  void read_start(const Json& event) {
    RunOutcome& outcome = m_replayed.outcome;
    for (const auto& [name, field] :
         {std::pair{"target", &outcome.target}, std::pair{"pipeline_id", &outcome.pipeline_id},
          std::pair{"manifest_hash", &outcome.manifest_hash}}) {
      if (std::string text = protocol::text_or(event, name); !text.empty()) *field = std::move(text);
    }
  }

  void read_end(const Json& event) {
    RunOutcome& outcome = m_replayed.outcome;
    m_replayed.has_ended = true;
    outcome.status = status_of(protocol::text_or(event, "status"));
    outcome.exit_code = static_cast<int>(protocol::count_or(event, "exit_code"));
    outcome.duration_ms = protocol::count_or(event, "duration_ms");
    if (!event.contains("error")) return;
    outcome.error = protocol::error_from_fields(event);
    outcome.failed_step = protocol::text_or(event, "step_id");
  }

  static void read_step(StepOutcome& step, const std::string& name, const Json& event) {
    if (name == "step_start") {
      step.status = StepStatus::running;
      step.attempts = std::max(step.attempts, static_cast<unsigned>(protocol::count_or(event, "attempt")));
    } else if (name == "inputs_resolved") {
      const bool from_memory = event.value("from_memory", Json()) == true;
      step.inputs.push_back({protocol::text_or(event, "key"), protocol::text_or(event, "from_step"),
                             protocol::count_or(event, "rows"), from_memory,
                             event.value("streamed", Json()) == true});
      step.rows_in += step.inputs.back().rows;
    } else if (name == "stream_opened") {
      step.is_streamed = true;
    } else if (name == "frame_spilled") {
      read_spill(step, event);
    } else if (name == "rows_out") {
      step.rows_out = protocol::count_or(event, "value");
      step.rows_read = step.rows_out;
      step.has_df_in_memory = !step.spill_used && !step.is_streamed;
    } else if (name == "write_complete") {
      step.rows_written = protocol::count_or(event, "rows_written");
    } else if (name == "artifact_created" && protocol::text_or(event, "artifact_type") != "stdout") {
      step.artifacts.push_back(protocol::text_or(event, "path"));
    } else {
      read_step_end(step, name, event);
    }
  }

  static void read_spill(StepOutcome& step, const Json& event) {
    const std::filesystem::path folder = std::filesystem::path("artifacts") / step.step_id;
    step.rows_out = protocol::count_or(event, "rows");
    step.has_df_in_memory = false;
    step.spill_used = true;
    step.spill_reason = protocol::text_or(event, "reason");
    step.spill_paths = SpillPaths{(folder / "output.parquet").string(), (folder / "schema.json").string()};
  }

  static void read_step_end(StepOutcome& step, const std::string& name, const Json& event) {
    if (name == "step_complete") {
      step.status = StepStatus::succeeded;
      step.duration_ms = protocol::count_or(event, "duration_ms");
    } else if (name == "step_failed") {
      step.error = protocol::error_from_fields(event);
      step.status = step.error->code == ErrorCode::cancelled ? StepStatus::cancelled : StepStatus::failed;
    } else if (name == "step_skipped") {
      const std::string reason = protocol::text_or(event, "reason");
      step.status = StepStatus::skipped;
      step.skip = Skip{step.step_id, SkipReason::run_failed, protocol::text_or(event, "because_of")};
      for (const SkipReason known : {SkipReason::upstream_failed, SkipReason::run_cancelled}) {
        if (reason == to_string(known)) step.skip->reason = known;
      }
    }
  }

  pipeline::ComponentCatalog m_catalog;
  Replayed m_replayed;
  bool m_has_time = false;
};

}  // namespace

Replayed replay(const std::filesystem::path& run_dir, const std::optional<pipeline::Manifest>& manifest) {
  EventReader reader(run_dir, manifest);
  for (const std::string& line : split(read_file(run_dir / "events.jsonl").value_or(""), '\n')) {
    const Json event = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (event.is_object()) reader.read(event);
  }
  return reader.take();
}

}  // namespace spillway::run
