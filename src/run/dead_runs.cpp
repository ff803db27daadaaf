#include "run/dead_runs.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/redact.hpp"
#include "pipeline/manifest.hpp"
#include "run/closing.hpp"
#include "run/exit_code.hpp"
#include "run/leftovers.hpp"
#include "run/record.hpp"
#include "run/replay.hpp"
#include "run/run_card.hpp"
#include "run/run_dir.hpp"
#include "run/run_lock.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::run {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view k_prefix = "run_";

/// The number of a run's name; nothing when it is no run's.
std::optional<std::uint64_t> run_number(const std::string& name) {
  return name.starts_with(k_prefix) ? parse_uint(std::string_view(name).substr(k_prefix.size())) : std::nullopt;
}

std::vector<fs::path> unfinished_runs(const fs::path& logs_dir) {
  std::vector<fs::path> runs;
  std::error_code ignored;
  for (fs::directory_iterator entry(logs_dir, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    if (!run_number(entry->path().filename().string())) continue;
    std::error_code unreadable;
    const bool has_status = fs::exists(entry->path() / "status.json", unreadable);
    // With both its host was killed after its last word: only the lock is left to be taken away.
    if (unreadable || (has_status && !fs::exists(entry->path() / k_lock_file, unreadable))) continue;
    if (entry->symlink_status(unreadable).type() == fs::file_type::directory) runs.push_back(entry->path());
  }
  std::ranges::sort(runs);
  return runs;
}

/// A process that is killed, or a machine that stops, can leave a part of a line at the end.
void cut_torn_line(const fs::path& path) {
  const Result<std::string> text = read_file(path);
  if (!text || text->empty() || text->ends_with('\n')) return;
  const std::size_t end = text->rfind('\n');
  std::error_code ignored;
  fs::resize_file(path, end == std::string::npos ? 0 : end + 1, ignored);
}

std::optional<pipeline::Manifest> manifest_of(const fs::path& run_dir) {
  const Result<std::string> text = read_file(run_dir / "manifest.yaml");
  if (!text) return std::nullopt;
  auto manifest = pipeline::manifest_from_yaml(*text, "manifest.yaml");
  return manifest ? std::optional(std::move(*manifest)) : std::nullopt;
}

/// Steps that ran have failed, steps that waited are skipped, as when a worker dies.
void end_as_crashed(RunOutcome& outcome, Record& record) {
  outcome.status = RunStatus::crashed;
  outcome.error =
      make_error(ErrorCode::crashed, "the run did not end by itself: its process was killed, or the machine stopped",
                 "run it again: each target is as it was before, or complete");
  outcome.exit_code = exit_code(Phase::command, outcome.error->code);
  record.log(outcome.error->to_display());
  for (StepOutcome& step : outcome.steps) {
    if (step.status == StepStatus::running) {
      step.status = StepStatus::failed;
      step.error = outcome.error;
      record_failed_step(record, step);
    } else if (step.status == StepStatus::pending) {
      step.status = StepStatus::skipped;
      step.skip = Skip{step.step_id, SkipReason::run_failed, {}};
      record_skipped_step(record, *step.skip);
    }
  }
}

void point_latest_to_newest(const fs::path& run_dir) {
  std::error_code status;
  const fs::path current = fs::read_symlink(run_dir.parent_path() / "latest", status);
  if (status || run_number(current.string()) < run_number(run_dir.filename().string())) point_latest_to(run_dir);
}

/// Can be killed in the middle itself: the next one goes on from what is there.
void mark(const fs::path& run_dir) {
  for (const char* file : {"events.jsonl", "metrics.jsonl", "commands.jsonl", "spillway.log"}) {
    cut_torn_line(run_dir / file);
  }
  const std::optional<pipeline::Manifest> manifest = manifest_of(run_dir);
  remove_leftovers(run_dir, manifest ? manifest->to_json() : Json());
  Replayed replayed = replay(run_dir, manifest);
  RunOutcome& outcome = replayed.outcome;
  const config::Redactor nothing_secret;  // everything that is read here has been redacted
  Record record(run_dir, outcome.session_id, nothing_secret, std::chrono::system_clock::now, replayed.last_seq);
  if (!replayed.has_ended) {
    if (outcome.started_at == WallTime()) outcome.started_at = outcome.finished_at = std::chrono::system_clock::now();
    end_as_crashed(outcome, record);
    write_run_card(outcome, record);
    record_run_end(outcome, record);
  } else if (std::error_code ignored; !fs::exists(run_dir / k_run_card_path, ignored)) {
    write_run_card(outcome, record);
  }
  point_latest_to_newest(run_dir);
  write_status(outcome);
}

}  // namespace

DeadRuns mark_dead_runs(const fs::path& logs_dir) {
  DeadRuns dead;
  for (const fs::path& run_dir : unfinished_runs(logs_dir)) {
    const std::optional<RunLock> lock = RunLock::seize(run_dir);
    if (!lock) continue;
    try {
      mark(run_dir);
      lock->remove();
      dead.marked.push_back(run_dir.filename().string());
    } catch (const Exception& exception) {
      dead.errors.push_back(
          Error(exception.error()).with_context(fmt::format("while marking {}", run_dir.filename().string())));
    }
  }
  return dead;
}

}  // namespace spillway::run
