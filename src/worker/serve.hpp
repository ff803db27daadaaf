#pragma once

namespace spillway::worker {

/// How lines are told apart: they are not, or each has its number (docs/protocol.md, "A way that may be cut").
enum class Lines { plain, numbered };

/// Serves the command stream on two descriptors, one JSON object a line each way, until the input ends; a session
/// that is still open is then cancelled and cleaned up. A line that is no command is answered with an error, and the
/// worker goes on. Returns the process's exit code.
int serve(int in_fd, int out_fd, Lines lines = Lines::plain);

}  // namespace spillway::worker
