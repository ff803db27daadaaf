#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "run/observer.hpp"
#include "run/outcome.hpp"

/// The lines that a run shows, as pure functions.
namespace spillway::cli {

/// How wide the columns of a run's step lines are.
struct Columns {
  unsigned step_id = 4;
};
Columns columns_of(const std::vector<run::StepOutcome>& steps);

/// A step that runs, as a watcher sees it.
struct RunningStep {
  std::string step_id;
  std::uint64_t elapsed_ms = 0;
  run::Progress progress;
};

/// "3 steps"
std::string step_count(std::size_t count);
/// "movies: 3 steps"
std::string header_line(const run::RunOutcome& outcome);
/// "done     extract-movies      3,201 rows    12 ms      266,750 rows/s  in memory"
std::string step_line(const Terminal& terminal, const Columns& columns, const run::StepOutcome& step);
/// "running  compute-stats  [#####-----]  50 %    1,000 rows  1.20 s       833 rows/s", cut to the terminal's width.
std::string running_line(const Terminal& terminal, const Columns& columns, const RunningStep& step);
/// "starting the worker: docker run …  12.3 s", cut to the terminal's width.
std::string waiting_line(const Terminal& terminal, const std::string& activity, std::uint64_t elapsed_ms);
/// A bar of `cells` cells; a percent outside 0 to 100 counts as the nearer end.
std::string bar(double percent, unsigned cells, const Terminal& terminal);
/// Empty while there is nothing to divide by.
std::string rate(std::uint64_t rows, std::uint64_t elapsed_ms);

}  // namespace spillway::cli
