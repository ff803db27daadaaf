#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "run/busy_time.hpp"
#include "run/exit_code.hpp"
#include "run/observer.hpp"
#include "run/outcome.hpp"
#include "run/record.hpp"
#include "run/request.hpp"
#include "run/run_dir.hpp"
#include "run/schedule.hpp"
#include "util/clock.hpp"

namespace spillway::run {

/// The host's account of one run: its directory, what became of each step, and the record of it. Made with the run
/// directory; knows the worker only by what it said. Not thread-safe.
class Ledger {
 public:
  /// Creates the run directory; throws when there can be none. Request and observer outlive the ledger.
  Ledger(const Request& request, Observer& observer, const WallClock& now);

  Record& record() { return m_record; }
  const RunOutcome& outcome() const { return m_outcome; }
  const RunLock& lock() const { return m_dir.lock; }
  /// From here on errors are of this phase.
  void enter(Phase phase) { m_phase = phase; }

  /// Notes the start of the run; writes manifest.yaml and cfg/.
  void open();
  /// Steps whose turn has come; from here on they run.
  std::vector<const pipeline::ManifestStep*> start_ready_steps();
  std::size_t max_running_steps() const { return m_schedule.max_running(); }
  /// A step runs, although its turn had not come here.
  void note_started(StepOutcome& step);
  /// The step hands its rows on as they come: the one that reads them may start.
  void note_streaming(StepOutcome& step);
  /// The step that `data` names as its step_id; null when there is none.
  StepOutcome* find_step(const Json& data);
  bool has_running_steps() const { return m_schedule.has_running(); }
  bool is_running(const StepOutcome& step) const { return m_schedule.is_running(step.step_id); }

  /// Takes over what the worker answered for a running step. The step ends with end_step.
  void take_complete(StepOutcome& step, const Json& body);
  /// Fails a step for a reason that the worker did not tell. The step ends with end_step.
  void fail_step(StepOutcome& step, const Error& error);
  void end_step(StepOutcome& step);
  /// Takes over where each frame was when the worker freed it.
  void take_frames(const Json& frames);

  /// Notes why the run failed, the first time; nothing starts any more.
  void fail_run(Error error);
  /// Notes the signal that cancels the run; nothing starts any more.
  void cancel_run(int signal);
  /// Whether the run failed or was cancelled.
  bool is_stopping() const { return m_outcome.error || m_outcome.stop_signal != 0; }

  /// Ends what still runs, skips what never ran, and writes run card and status.
  RunOutcome close();

 private:
  template <typename Writing>
  void try_to(Writing writing);
  void note_connections();
  void note_running(StepOutcome& step);
  void settle_running_steps();
  void skip_pending_steps();
  void forget_lost_artifacts();
  void conclude();
  void record_end();
  Error redacted(Error error) const;

  const Request& m_request;
  Observer& m_observer;
  Stopwatch m_clock;
  WallTime m_started_at;
  NewRunDir m_dir;
  RunOutcome m_outcome;
  Record m_record;
  Schedule m_schedule;
  std::map<std::string, StepOutcome*, std::less<>> m_steps;
  BusyTime m_busy;
  Phase m_phase = Phase::command;
  Phase m_failed_phase = Phase::command;
};

}  // namespace spillway::run
