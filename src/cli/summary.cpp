#include "cli/summary.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <ranges>
#include <string_view>

#include <fmt/format.h>

#include "cli/lines.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace fs = std::filesystem;
namespace {

using run::RunOutcome;
using run::RunStatus;
using run::StepOutcome;
using run::StepStatus;

bool has_writer(const RunOutcome& outcome) {
  return std::ranges::any_of(outcome.steps,
                             [](const StepOutcome& step) { return step.role == pipeline::Role::writer; });
}

std::string totals(const RunOutcome& outcome) {
  const std::size_t completed = run::steps_completed(outcome.steps);
  const std::string steps = completed == outcome.steps.size()
                                ? step_count(completed)
                                : fmt::format("{} of {} steps", completed, outcome.steps.size());
  return fmt::format("{}, {} rows {}, {}", steps, with_thousands(run::total_rows(outcome.steps)),
                     has_writer(outcome) ? "written" : "read", human_duration(outcome.duration_ms));
}

std::string status_word(const Terminal& terminal, RunStatus status) {
  const Color color = status == RunStatus::success  ? Color::green
                      : status == RunStatus::failed ? Color::red
                                                    : Color::yellow;
  return colored(terminal, color, std::string(to_string(status)));
}

/// Something that `head` shows well.
bool is_text_file(const std::string& path) {
  constexpr std::array k_extensions{".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".txt"};
  const std::string extension = to_lower(fs::path(path).extension().string());
  return std::ranges::find(k_extensions, extension) != k_extensions.end();
}

}  // namespace

std::string summary(const Terminal& terminal, const RunOutcome& outcome, const std::string& directory) {
  std::string text;
  if (outcome.error) text += error_lines(terminal, outcome);
  text += fmt::format("{}: {}\n", status_word(terminal, outcome.status), totals(outcome));
  text += fmt::format("record: {}\n", shown_run_dir(outcome, directory));
  text += fmt::format("next: {}\n", next_command(outcome, directory));
  return text;
}

std::string error_lines(const Terminal& terminal, const RunOutcome& outcome) {
  Error error = *outcome.error;
  const auto step = std::ranges::find(outcome.steps, outcome.failed_step, &StepOutcome::step_id);
  if (step != outcome.steps.end()) {
    error.message = fmt::format("step '{}' ({}): {}", step->step_id, step->driver, error.message);
  }
  const std::string text = to_valid_utf8(error.to_display());
  constexpr std::string_view k_word = "error:";
  if (!text.starts_with(k_word)) return text + "\n";
  return colored(terminal, Color::red, std::string(k_word)) + text.substr(k_word.size()) + "\n";
}

std::string shown_run_dir(const RunOutcome& outcome, const std::string& directory) {
  return (fs::path(directory) / "logs" / outcome.session_id).string();
}

std::string next_command(const RunOutcome& outcome, const std::string& directory) {
  const std::string run_dir = shell_quoted(shown_run_dir(outcome, directory));
  if (outcome.status == RunStatus::success) {
    for (const StepOutcome& step : outcome.steps | std::views::reverse) {
      if (!is_text_file(step.write_target)) continue;
      return fmt::format("head {}", shell_quoted((fs::path(directory) / step.write_target).string()));
    }
    return fmt::format("cat {}/artifacts/_system/run_card.json | jq '.steps'", run_dir);
  }
  const bool has_failed_step =
      std::ranges::any_of(outcome.steps, [](const StepOutcome& step) { return step.status == StepStatus::failed; });
  if (has_failed_step) return fmt::format("grep step_failed {}/events.jsonl", run_dir);
  return fmt::format("cat {}/spillway.log", run_dir);
}

std::string shell_quoted(const std::string& text) {
  constexpr std::string_view k_plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@%+";
  if (!text.empty() && text.find_first_not_of(k_plain) == std::string::npos) return text;
  return "'" + replace_all(text, "'", "'\\''") + "'";
}

}  // namespace spillway::cli
