#include "cli/lines.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using run::StepOutcome;
using run::StepStatus;

constexpr unsigned k_widest_step_id = 40;
constexpr unsigned k_status_width = 9;
constexpr unsigned k_widest_bar = 30;
constexpr unsigned k_narrowest_bar = 5;

struct Word {
  const char* text;
  Color color;
};

Word word_of(StepStatus status) {
  switch (status) {
    case StepStatus::succeeded:
      return {"done", Color::green};
    case StepStatus::failed:
      return {"failed", Color::red};
    case StepStatus::cancelled:
      return {"cancelled", Color::yellow};
    case StepStatus::skipped:
      return {"skipped", Color::yellow};
    case StepStatus::pending:
    case StepStatus::running:
      break;
  }
  return {"running", Color::cyan};
}

/// The word is padded before it is coloured: colours take no place.
std::string start_of_line(const Terminal& terminal, const Columns& columns, StepStatus status,
                          const std::string& step_id) {
  const Word word = word_of(status);
  return fmt::format("{}  {:<{}}", colored(terminal, word.color, fmt::format("{:<{}}", word.text, k_status_width)),
                     step_id, columns.step_id);
}

std::string counts(std::uint64_t rows, std::uint64_t elapsed_ms, std::uint64_t rows_handled) {
  return fmt::format("{:>12} rows  {:>10}  {:>18}", with_thousands(rows), human_duration(elapsed_ms),
                     rate(rows_handled, elapsed_ms));
}

/// Where a step's rows went.
std::string whereabouts(const StepOutcome& step) {
  if (step.role == pipeline::Role::writer) {
    return step.write_target == "-" ? "to standard output" : "to " + step.write_target;
  }
  if (step.is_streamed) return "streamed";
  if (!step.spill_used) return "in memory";
  return step.spill_reason.empty() ? "spilled" : fmt::format("spilled ({})", step.spill_reason);
}

std::string why_skipped(const run::Skip& skip) {
  if (skip.reason == run::SkipReason::run_cancelled) return "the run was cancelled";
  if (skip.because_of.empty()) return "the run failed";
  if (skip.reason == run::SkipReason::upstream_failed)
    return fmt::format("it needs {}, which failed", skip.because_of);
  return fmt::format("the run ended when {} failed", skip.because_of);
}

}  // namespace

Columns columns_of(const std::vector<StepOutcome>& steps) {
  std::size_t widest = 1;
  for (const StepOutcome& step : steps) widest = std::max(widest, step.step_id.size());
  return {static_cast<unsigned>(std::min<std::size_t>(widest, k_widest_step_id))};
}

std::string step_count(std::size_t count) { return fmt::format("{} step{}", count, count == 1 ? "" : "s"); }

std::string header_line(const run::RunOutcome& outcome) {
  return fmt::format("{}: {}", outcome.pipeline_name, step_count(outcome.steps.size()));
}

std::string step_line(const Terminal& terminal, const Columns& columns, const StepOutcome& step) {
  std::string start = start_of_line(terminal, columns, step.status, step.step_id);
  switch (step.status) {
    case StepStatus::succeeded:
      return fmt::format("{}  {}  {}", start, counts(step.rows(), step.duration_ms, step.rows_handled()),
                         colored(terminal, Color::dim, whereabouts(step)));
    case StepStatus::skipped:
      return step.skip ? fmt::format("{}  {}", start, why_skipped(*step.skip)) : start;
    default:
      return start;
  }
}

std::string running_line(const Terminal& terminal, const Columns& columns, const RunningStep& step) {
  const std::string numbers = step.progress.rows ? counts(*step.progress.rows, step.elapsed_ms, *step.progress.rows)
                                                 : human_duration(step.elapsed_ms);
  const std::size_t taken = k_status_width + 2 + std::max<std::size_t>(columns.step_id, step.step_id.size());
  // The last column stays free: some terminals wrap as soon as it is used.
  const std::size_t width = terminal.width > 1 ? terminal.width - 1 : 1;
  if (taken + 2 + numbers.size() > width) {
    Terminal uncolored = terminal;
    uncolored.is_fancy = false;
    return start_of_line(uncolored, columns, StepStatus::running, step.step_id).substr(0, width);
  }
  std::string line = start_of_line(terminal, columns, StepStatus::running, step.step_id);
  constexpr std::size_t k_around_bar = std::string_view("  [] 100 %").size();
  const std::size_t room = width - taken - 2 - numbers.size();
  if (step.progress.percent && room >= k_around_bar + k_narrowest_bar) {
    const auto cells = static_cast<unsigned>(std::min<std::size_t>(room - k_around_bar, k_widest_bar));
    line += fmt::format("  {} {:>3.0f} %", bar(*step.progress.percent, cells, terminal),
                        std::floor(std::clamp(*step.progress.percent, 0.0, 100.0)));
  }
  return line + "  " + numbers;
}

std::string waiting_line(const Terminal& terminal, const std::string& activity, std::uint64_t elapsed_ms) {
  const std::string elapsed = "  " + human_duration(elapsed_ms);
  const std::size_t width = terminal.width > elapsed.size() + 1 ? terminal.width - elapsed.size() - 1 : 1;
  return to_valid_utf8(activity.substr(0, width)) + elapsed;
}

std::string bar(double percent, unsigned cells, const Terminal& terminal) {
  const double share = std::isfinite(percent) ? std::clamp(percent, 0.0, 100.0) / 100.0 : 0.0;
  const auto full = static_cast<unsigned>(std::floor(share * cells));
  std::string text = "[";
  for (unsigned cell = 0; cell < cells; ++cell) {
    if (terminal.is_utf8) {
      text += cell < full ? "█" : "░";
    } else {
      text += cell < full ? "#" : "-";
    }
  }
  return text + "]";
}

std::string rate(std::uint64_t rows, std::uint64_t elapsed_ms) {
  if (elapsed_ms == 0) return "";
  return with_thousands(
             static_cast<std::uint64_t>(static_cast<double>(rows) * 1000 / static_cast<double>(elapsed_ms))) +
         " rows/s";
}

}  // namespace spillway::cli
