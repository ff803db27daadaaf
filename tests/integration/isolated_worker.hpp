#pragma once

#include <string>
#include <vector>

namespace spillway::testing {

/// A command for --sandbox=command that runs `spillway worker` where there is nothing of this machine but the program
/// and the system's libraries: no project, no run directory, no network, a /tmp of its own and hardly an environment.
/// What the worker sees of the host was sent to it. Needs bubblewrap (no_bwrap_reason).
std::vector<std::string> isolated_worker();

/// The same as the last part of a shell script: `exec bwrap … spillway worker`.
std::string isolated_worker_script();

}  // namespace spillway::testing
