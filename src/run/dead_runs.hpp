#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/error.hpp"

namespace spillway::run {

struct DeadRuns {
  std::vector<std::string> marked;  ///< ids of runs
  std::vector<Error> errors;        ///< of those that could not be marked
};

/// Gives each run whose host died its end: the last events, run card and status.json, from what its record holds; its
/// temporary files go. A run that goes on, here or on another machine, is left alone.
DeadRuns mark_dead_runs(const std::filesystem::path& logs_dir);

}  // namespace spillway::run
