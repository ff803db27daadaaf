#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "config/settings.hpp"
#include "sandbox/channel.hpp"
#include "sandbox/process_channel.hpp"
#include "sandbox/view.hpp"

namespace spillway::sandbox {

/// A worker in a bubblewrap sandbox that sees its program and what the pipeline names, and nothing else of this
/// machine (docs/security.md). Throws ErrorCode::sandbox where such a sandbox cannot be made: nothing is run then.
std::unique_ptr<Channel> open_bwrap_channel(const RunPlace& place, const config::SandboxLimits& limits);

/// The same for another program that is to be confined as a worker is: `files` are those that it needs.
std::unique_ptr<Channel> open_bwrap_channel(const RunPlace& place, const config::SandboxLimits& limits,
                                            WorkerProgram program, const std::vector<Mount>& files);

}  // namespace spillway::sandbox
