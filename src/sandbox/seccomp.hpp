#pragma once

#include "util/fd.hpp"

namespace spillway::sandbox {

/// A file that holds the system call filter of a sandboxed worker, as bubblewrap takes it (docs/security.md, "System
/// calls"). Throws.
Fd system_call_filter();

}  // namespace spillway::sandbox
