#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/component.hpp"
#include "pipeline/inputs.hpp"
#include "run/schedule.hpp"
#include "util/clock.hpp"
#include "util/error.hpp"

namespace spillway::run {

using Json = nlohmann::json;

/// The files of a spilled frame, relative to the run directory.
struct SpillPaths {
  std::string parquet;
  std::string schema;
};

/// An input as the worker resolved it.
struct InputOutcome {
  std::string key;
  std::string from_step;
  std::uint64_t rows = 0;
  bool from_memory = true;
  bool is_streamed = false;  ///< neither from memory nor from a spill file
};

/// What became of a step: the host's record of it, filled from the worker's messages.
struct StepOutcome {
  std::string step_id;
  std::string driver;
  pipeline::Role role = pipeline::Role::extractor;
  std::vector<std::string> needs;
  StepStatus status = StepStatus::pending;
  unsigned attempts = 0;
  std::uint64_t rows_in = 0;
  std::uint64_t rows_out = 0;
  std::uint64_t rows_read = 0;
  std::uint64_t rows_written = 0;
  std::uint64_t duration_ms = 0;
  bool has_df_in_memory = false;  ///< at the end of the run
  bool spill_used = false;
  bool is_streamed = false;  ///< the rows went straight to the step that reads them: there is no frame
  std::optional<SpillPaths> spill_paths;
  std::vector<InputOutcome> inputs;
  std::vector<std::string> artifacts;  ///< relative to the run directory
  std::string spill_reason;            ///< forced, rows, bytes or pressure
  std::string write_target;            ///< what a writer wrote
  std::optional<Error> error;
  std::optional<Skip> skip;

  /// The rows that the step was about: what a writer wrote, what any other step made.
  std::uint64_t rows() const { return role == pipeline::Role::writer ? rows_written : rows_out; }
  /// The rows that it had to handle: an aggregate makes few of many.
  std::uint64_t rows_handled() const { return std::max(rows_in, rows()); }
};

enum class RunStatus {
  success,
  failed,
  cancelled,
  crashed,  ///< its host died: another command has marked it
};
/// The name in the run card, e.g. "success".
std::string_view to_string(RunStatus status);

/// What became of a run. run_card.json, status.json, the exit code and the summary all say this.
struct RunOutcome {
  std::string session_id;
  std::string pipeline_id;
  std::string pipeline_name;
  std::string manifest_hash;
  std::string target;
  std::filesystem::path run_dir;  ///< absolute
  RunStatus status = RunStatus::success;
  int exit_code = 0;
  WallTime started_at;
  WallTime finished_at;
  std::uint64_t duration_ms = 0;
  std::vector<StepOutcome> steps;  ///< in the order of the manifest
  std::optional<Error> error;      ///< why the run failed
  std::string failed_step;         ///< the step whose error it is; empty when it is no step's
  int stop_signal = 0;             ///< what cancelled the run
};

/// Whether the run failed for want of its sandbox, before a writer had written anything where it stays: running it
/// again does all of it once. What a writer of files writes takes its place when its step has succeeded.
bool may_run_again(const RunOutcome& outcome);

std::size_t steps_completed(const std::vector<StepOutcome>& steps);
/// What writers wrote; without a writer, what extractors read (contracts.md).
std::uint64_t total_rows(const std::vector<StepOutcome>& steps);

/// Takes over what the body of a `complete` answer says of a step: its status, counts, frame, inputs and error.
void apply_complete(StepOutcome& step, const Json& body);
/// Takes over where a frame is: has_df_in_memory, spill_used, spill_paths, of a `complete` or a `cleaned` answer.
void apply_frame(StepOutcome& step, const Json& frame);

}  // namespace spillway::run
