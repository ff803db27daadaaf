#pragma once

#include <string>
#include <vector>

#include "sandbox/process_channel.hpp"

namespace spillway::sandbox {

/// What to do about a command that ended, or said nothing for too long, before a worker spoke: by what it printed,
/// and by its exit status where that means something. Never empty.
std::string hint_for_command(const std::vector<std::string>& command, const WorkerDeath& death);

}  // namespace spillway::sandbox
