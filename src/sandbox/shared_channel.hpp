#pragma once

#include <memory>

#include "sandbox/channel.hpp"

namespace spillway::sandbox {

/// A way to a worker of which the user says that it sees this machine's files, each under the same path. That is held
/// against what the worker does: a run directory that it does not see ends the run, an output that did not change
/// here fails its step. Nothing is lost silently in a file system of the worker's own.
std::unique_ptr<Channel> open_shared_channel(std::unique_ptr<Channel> inner, const RunPlace& place);

}  // namespace spillway::sandbox
