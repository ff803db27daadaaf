#pragma once

#include "run/outcome.hpp"
#include "util/error.hpp"

namespace spillway::run {

/// Where an error struck, which is what its exit code depends on.
enum class Phase {
  command,  ///< before a run existed: the command line, the pipeline, the run directory
  prepare,  ///< making the place where steps run
  step,     ///< running them
};

/// The exit code of an error (contracts.md, "Exit codes").
int exit_code(Phase phase, ErrorCode code);
/// The exit code of a command that a signal ended: 130 for SIGINT, 143 for SIGTERM.
int exit_code_of_signal(int signal);

}  // namespace spillway::run
