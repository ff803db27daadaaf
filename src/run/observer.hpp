#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "run/outcome.hpp"

namespace spillway::run {

/// How far a running step is; what is not known is empty.
struct Progress {
  std::optional<double> percent;
  std::optional<std::uint64_t> rows;
};

/// Told what a run does, for whoever watches it. Called from the run's thread.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void run_started(const RunOutcome& run) = 0;
  /// The worker is not ready yet; `activity` says what that takes. Called several times a second.
  virtual void preparing(const std::string& activity) = 0;
  virtual void step_started(const StepOutcome& step) = 0;
  virtual void step_progressed(const StepOutcome& step, const Progress& progress) = 0;
  virtual void step_finished(const StepOutcome& step) = 0;
  /// A step's data goes to standard output now, which may be the terminal that the run is shown on.
  virtual void output_follows() = 0;
  /// Time passed: called several times a second while steps run.
  virtual void tick() = 0;
};

}  // namespace spillway::run
