#pragma once

#include <string>

#include "cli/terminal.hpp"
#include "run/outcome.hpp"

namespace spillway::cli {

/// How a run ended, in a few lines: what failed and what to do about it, the totals, where the record is, and last
/// the next command to type. Paths start at `directory`, the -C of the command line, empty without one.
std::string summary(const Terminal& terminal, const run::RunOutcome& outcome, const std::string& directory);
/// Why a run failed, in the form of every error; for a run that has one.
std::string error_lines(const Terminal& terminal, const run::RunOutcome& outcome);
/// Where the record of a run is.
std::string shown_run_dir(const run::RunOutcome& outcome, const std::string& directory);
/// The command to type after a run.
std::string next_command(const run::RunOutcome& outcome, const std::string& directory);
/// `text` as one word of a shell's command line.
std::string shell_quoted(const std::string& text);

}  // namespace spillway::cli
