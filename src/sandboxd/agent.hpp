#pragma once

namespace spillway::sandboxd {

/// The descriptor on which an agent talks to sandboxd, and the variable that tells a process that it is one.
constexpr int k_agent_socket = 5;
constexpr auto k_agent_variable = "SPILLWAY_SANDBOXD_AGENT";

/// Inside a sandbox, until sandboxd is gone: opens files and starts processes for it, as whoever the sandbox runs as
/// and with what can be seen there, and hands their descriptors over. Returns an exit code.
int run_agent(int socket);

}  // namespace spillway::sandboxd
