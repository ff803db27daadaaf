#pragma once

#include <string>
#include <vector>

namespace spillway::pipeline {

/// One input of a step: the DataFrame of `from_step`, given to the driver under `key`.
struct StepInput {
  std::string key;
  std::string from_step;
};

/// A step id as the end of a SQL name: extract-movies is extract_movies.
std::string sql_name_of(const std::string& step_id);

/// The inputs that a step's needs give it (contracts.md): a single one is `df`; of several each is `df_<step id>`
/// with every character outside [0-9A-Za-z_] replaced by _. Keys that SQL could not tell apart (it ignores case) get
/// _ and the first 8 hex digits of the id's SHA-256. The keys are unique, as
/// the needs must be.
std::vector<StepInput> step_inputs(const std::vector<std::string>& needs);

/// The names under which SQL sees an input: its key, and for the only one of a step also `input_df` and `df_<step
/// id>`.
std::vector<std::string> view_names(const StepInput& input, std::size_t input_count);

}  // namespace spillway::pipeline
