#pragma once

#include "run/outcome.hpp"
#include "run/record.hpp"

namespace spillway::run {

/// How a name that there may not be is written in an event.
Json null_if_empty(const std::string& text);

// What a run's end leaves behind, in this order. Its host writes it or, when that died, the next command.

/// The event of a step that failed for a reason that the worker did not tell.
void record_failed_step(Record& record, const StepOutcome& step);
void record_skipped_step(Record& record, const Skip& skip);
/// run_card.json and its event. Throws.
void write_run_card(const RunOutcome& outcome, Record& record);
/// The last event.
void record_run_end(const RunOutcome& outcome, Record& record);
/// status.json: with it the run has ended. Throws.
void write_status(const RunOutcome& outcome);

}  // namespace spillway::run
