#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <string>
#include <utility>

#include "cli/console.hpp"
#include "cli/lines.hpp"
#include "run/observer.hpp"

namespace spillway::cli {

/// Shows a run while it goes on: a line a step when it ends and, on a terminal, one line for each that runs, drawn
/// again in place. Called from the run's thread.
class ProgressDisplay : public run::Observer {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ProgressDisplay(const Console& console, std::function<Clock::time_point()> now = Clock::now)
      : m_console(console), m_now(std::move(now)), m_terminal(console.terminal()) {}

  void run_started(const run::RunOutcome& run) override;
  void preparing(const std::string& activity) override;
  void step_started(const run::StepOutcome& step) override;
  void step_progressed(const run::StepOutcome& step, const run::Progress& progress) override;
  void step_finished(const run::StepOutcome& step) override;
  void output_follows() override;
  void tick() override;

 private:
  struct Running {
    std::string step_id;
    Clock::time_point started;
    run::Progress progress;
  };

  void draw(const std::string& finished_lines);
  std::string running_lines(std::size_t& count);

  const Console& m_console;
  std::function<Clock::time_point()> m_now;
  Terminal m_terminal;
  Columns m_columns;
  std::string m_activity;  ///< while the worker is not ready
  bool m_activity_was_told = false;
  Clock::time_point m_started;
  std::list<Running> m_running;
  std::size_t m_drawn_lines = 0;  ///< how many running lines stand at the end of the screen
  Clock::time_point m_drawn_at;
};

/// Shows nothing: --quiet.
class NoDisplay : public run::Observer {
 public:
  void run_started(const run::RunOutcome&) override {}
  void preparing(const std::string&) override {}
  void step_started(const run::StepOutcome&) override {}
  void step_progressed(const run::StepOutcome&, const run::Progress&) override {}
  void step_finished(const run::StepOutcome&) override {}
  void output_follows() override {}
  void tick() override {}
};

}  // namespace spillway::cli
