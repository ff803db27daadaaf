#pragma once

#include <memory>

#include "config/settings.hpp"
#include "sandbox/channel.hpp"

namespace spillway::sandbox {

/// A worker at the other end of a command that the user gives: docker run, ssh, kubectl exec or anything else that
/// hands on its standard input and output. The command is found through PATH and has the user's environment.
/// Throws ErrorCode::sandbox when there is no such program.
std::unique_ptr<Channel> open_command_channel(const RunPlace& place, const config::Settings& settings);

}  // namespace spillway::sandbox
