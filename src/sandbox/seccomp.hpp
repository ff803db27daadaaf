#pragma once

#include "util/fd.hpp"

namespace spillway::sandbox {

/// A file that holds the system call filter of a sandboxed worker, as bubblewrap takes it (docs/security.md, "System
/// calls"). `with_sockets` lets it ask for sockets, which are the gate's matter then (socket_gate.hpp). Throws.
Fd system_call_filter(bool with_sockets);

/// That of a sandbox for any program, as sandboxd makes them: it starts processes and talks to itself over sockets,
/// but makes no namespace and looks into no other process. Throws.
Fd program_call_filter();

}  // namespace spillway::sandbox
