#include "run/ledger.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "protocol/codec.hpp"
#include "run/closing.hpp"
#include "run/run_dir.hpp"
#include "run/stop_signals.hpp"
#include "util/file.hpp"
#include "util/sha256.hpp"

namespace spillway::run {
namespace fs = std::filesystem;
namespace {

/// Two branches always run side by side, also on one core: often one of them waits for a disk or a server.
constexpr std::size_t k_least_parallel_steps = 2;

RunOutcome first_outcome(const Request& request, const std::filesystem::path& run_dir, WallTime now) {
  const pipeline::Manifest& manifest = request.plan.manifest;
  RunOutcome outcome;
  outcome.started_at = now;
  outcome.run_dir = run_dir;
  outcome.session_id = outcome.run_dir.filename().string();
  outcome.pipeline_id = manifest.pipeline_id;
  outcome.pipeline_name = manifest.pipeline_name;
  outcome.manifest_hash = manifest.hash();
  outcome.target = request.target;
  for (const pipeline::ManifestStep& step : manifest.steps) {
    StepOutcome& added = outcome.steps.emplace_back();
    added.step_id = step.id;
    added.driver = step.driver;
    added.role = request.plan.roles.at(step.id);
    added.needs = step.needs;
  }
  return outcome;
}

Schedule make_schedule(const Request& request) {
  std::vector<Schedule::Step> steps;
  for (const pipeline::ManifestStep& step : request.plan.manifest.steps) steps.push_back({step.id, step.needs});
  return {std::move(steps), std::max<std::size_t>(request.settings.threads, k_least_parallel_steps)};
}

std::string describe(const StepOutcome& step) {
  std::string text = fmt::format("step {}: {}", step.step_id, to_string(step.status));
  if (step.status == StepStatus::succeeded) {
    text += fmt::format(", {} rows in {} ms", step.rows(), step.duration_ms);
  }
  if (step.error) text += fmt::format(": {}", step.error->full_message());
  return text;
}

}  // namespace

Ledger::Ledger(const Request& request, Observer& observer, const WallClock& now)
    : m_request(request),
      m_observer(observer),
      m_started_at(now()),
      m_dir(create_run_dir(request.base_dir / "logs", m_started_at)),
      m_outcome(first_outcome(request, m_dir.path, m_started_at)),
      m_record(m_outcome.run_dir, m_outcome.session_id, request.redactor, now),
      m_schedule(make_schedule(request)) {
  for (StepOutcome& step : m_outcome.steps) m_steps[step.step_id] = &step;
}

void Ledger::open() {
  const pipeline::Manifest& manifest = m_request.plan.manifest;
  m_observer.run_started(m_outcome);
  m_record.event("run_start", {{"pipeline_id", manifest.pipeline_id},
                               {"manifest_hash", m_outcome.manifest_hash},
                               {"profile", null_if_empty(m_request.profile)},
                               {"target", m_request.target},
                               {"steps_total", manifest.steps.size()}});
  m_record.metric("steps_total", manifest.steps.size(), {{"unit", "steps"}});
  m_record.log(fmt::format("run {} of pipeline {} on {}: {} steps", m_outcome.session_id, manifest.pipeline_name,
                           m_request.target, manifest.steps.size()));
  if (!point_latest_to(m_outcome.run_dir)) m_record.log("logs/latest cannot be made to point to this run");
  write_file_atomically(m_outcome.run_dir / "manifest.yaml", manifest.to_yaml(), Durability::process);
  for (const auto& [name, text] : m_request.plan.files) {
    const fs::path path = m_outcome.run_dir / name;
    spillway::create_directories(path.parent_path());
    write_file_atomically(path, text, Durability::process);
    m_record.event("cfg_materialized", {{"path", name}, {"sha256", sha256_hex(text)}, {"size_bytes", text.size()}});
  }
  if (!m_request.connections.empty()) note_connections();
}

/// They were resolved before the run could start: what cannot be is an error of the command.
void Ledger::note_connections() {
  for (const StepConnection& step : step_connections(m_request.plan)) {
    const std::size_t dot = step.reference.find('.');
    Json event{{"step_id", step.step_id},
               {"family", step.reference.substr(1, dot - 1)},
               {"alias", step.reference.substr(dot + 1)}};
    m_record.event("connection_resolve_start", event);
    event.update({{"ok", true}, {"error", nullptr}});
    m_record.event("connection_resolve_complete", event);
  }
}

std::vector<const pipeline::ManifestStep*> Ledger::start_ready_steps() {
  std::vector<const pipeline::ManifestStep*> steps;
  for (const std::string& id : m_schedule.start_ready()) {
    note_running(*m_steps.at(id));
    steps.push_back(m_request.plan.manifest.find(id));
  }
  return steps;
}

void Ledger::note_started(StepOutcome& step) {
  if (step.status != StepStatus::pending) return;
  m_schedule.start(step.step_id);
  note_running(step);
}

void Ledger::note_streaming(StepOutcome& step) {
  step.is_streamed = true;
  m_schedule.open_stream(step.step_id);
}

void Ledger::note_running(StepOutcome& step) {
  step.status = StepStatus::running;
  step.attempts = 1;
  m_record.log(fmt::format("step {}: started", step.step_id));
  m_observer.step_started(step);
}

StepOutcome* Ledger::find_step(const Json& data) {
  const auto id = data.find("step_id");
  if (id == data.end() || !id->is_string()) return nullptr;
  const auto step = m_steps.find(id->get_ref<const std::string&>());
  return step == m_steps.end() ? nullptr : step->second;
}

void Ledger::take_complete(StepOutcome& step, const Json& body) {
  apply_complete(step, body);
  if (step.error) step.error = redacted(std::move(*step.error));
  // Cancelled by nobody: whatever the worker meant, the step has not done its work.
  if (step.status == StepStatus::cancelled && !is_stopping()) step.status = StepStatus::failed;
  m_busy.add(m_clock.elapsed_ms(), step.duration_ms);
}

void Ledger::fail_step(StepOutcome& step, const Error& error) {
  step.status = StepStatus::failed;
  step.error = redacted(error);
  record_failed_step(m_record, step);
}

void Ledger::end_step(StepOutcome& step) {
  m_schedule.finish(step.step_id, step.status);
  m_record.log(describe(step));
  if (step.status == StepStatus::failed && !m_outcome.error) {
    m_outcome.failed_step = step.step_id;
    fail_run(*step.error);
  }
  m_observer.step_finished(step);
}

void Ledger::take_frames(const Json& frames) {
  if (!frames.is_object()) return;
  for (StepOutcome& step : m_outcome.steps) {
    if (const auto frame = frames.find(step.step_id); frame != frames.end()) apply_frame(step, *frame);
  }
}

void Ledger::fail_run(Error error) {
  m_schedule.stop();
  if (m_outcome.error) return;
  m_outcome.error = redacted(std::move(error));
  m_failed_phase = m_phase;
  m_record.log(m_outcome.error->to_display());
}

void Ledger::cancel_run(int signal) {
  m_schedule.stop();
  if (m_outcome.stop_signal == 0) m_record.log(fmt::format("cancelled by {}", signal_name(signal)));
  m_outcome.stop_signal = signal;
}

RunOutcome Ledger::close() {
  settle_running_steps();
  skip_pending_steps();
  forget_lost_artifacts();
  m_outcome.duration_ms = m_clock.elapsed_ms();
  // The wall clock may have been set back meanwhile.
  m_outcome.finished_at = m_outcome.started_at + std::chrono::milliseconds(m_outcome.duration_ms);
  conclude();
  try_to([this] { write_run_card(m_outcome, m_record); });
  record_end();
  try_to([this] {
    write_status(m_outcome);
    m_dir.lock.remove();
  });
  return m_outcome;
}

/// Writes something of the run's end. When it cannot be written the run has failed, and what is written next says so.
template <typename Writing>
void Ledger::try_to(Writing writing) {
  try {
    writing();
    if (m_record.first_error()) fail_run(*m_record.first_error());
  } catch (...) {
    fail_run(current_error());
  }
  conclude();
}

void Ledger::settle_running_steps() {
  for (const std::string& id : m_schedule.running()) {
    StepOutcome& step = *m_steps.at(id);
    if (m_outcome.stop_signal != 0 || !m_outcome.error) {
      step.status = StepStatus::cancelled;
    } else {
      fail_step(step, *m_outcome.error);
    }
    end_step(step);
  }
}

void Ledger::skip_pending_steps() {
  const auto otherwise = m_outcome.stop_signal != 0 ? SkipReason::run_cancelled : SkipReason::run_failed;
  for (Skip& skip : m_schedule.skips(otherwise)) {
    record_skipped_step(m_record, skip);
    StepOutcome& step = *m_steps.at(skip.step_id);
    step.status = StepStatus::skipped;
    step.skip = std::move(skip);
    m_observer.step_finished(step);
  }
}

/// A worker on another machine may have died before what it told of was here.
void Ledger::forget_lost_artifacts() {
  std::error_code ignored;
  for (StepOutcome& step : m_outcome.steps) {
    std::erase_if(step.artifacts,
                  [&](const std::string& artifact) { return !fs::exists(m_outcome.run_dir / artifact, ignored); });
  }
}

/// Status and exit code follow from what happened, and from nothing else.
void Ledger::conclude() {
  if (m_outcome.stop_signal != 0) {
    m_outcome.status = RunStatus::cancelled;
    m_outcome.exit_code = exit_code_of_signal(m_outcome.stop_signal);
  } else if (m_outcome.error) {
    m_outcome.status = RunStatus::failed;
    m_outcome.exit_code = exit_code(m_failed_phase, m_outcome.error->code);
  } else {
    m_outcome.status = RunStatus::success;
    m_outcome.exit_code = 0;
  }
}

void Ledger::record_end() {
  const std::uint64_t busy_ms = m_busy.total_ms();
  m_record.metric("steps_completed", steps_completed(m_outcome.steps), {{"unit", "steps"}});
  m_record.metric("execution_duration_ms", busy_ms, {{"unit", "ms"}});
  m_record.metric("sandbox_overhead_ms", m_outcome.duration_ms - std::min(busy_ms, m_outcome.duration_ms),
                  {{"unit", "ms"}});
  record_run_end(m_outcome, m_record);
}

Error Ledger::redacted(Error error) const {
  const auto redact = [this](std::string_view text) { return m_request.redactor.redact(text); };
  error.message = redact(error.message);
  error.hint = redact(error.hint);
  std::ranges::transform(error.context, error.context.begin(), redact);
  return error;
}

}  // namespace spillway::run
