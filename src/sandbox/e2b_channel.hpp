#pragma once

#include <memory>

#include "config/settings.hpp"
#include "sandbox/channel.hpp"

namespace spillway::sandbox {

/// A worker in a sandbox of E2B, or of a host that speaks its protocol: made for the run, and deleted with this
/// object. Where it is and the key to it are told by the environment (e2b/settings.hpp). Throws ErrorCode::usage when
/// there is no key, or a variable that is to be passed on is not set.
std::unique_ptr<Channel> open_e2b_channel(const RunPlace& place, const config::Settings& settings);

}  // namespace spillway::sandbox
