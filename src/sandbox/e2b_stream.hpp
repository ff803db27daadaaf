#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "e2b/control_plane.hpp"
#include "e2b/settings.hpp"
#include "sandbox/process_channel.hpp"

namespace spillway::sandbox {

/// What a worker in a sandbox of E2B is started with.
struct E2bPlan {
  e2b::Settings settings;
  e2b::NewSandbox sandbox;                                            ///< its life is that of the lease
  std::chrono::seconds longest{3600};                                 ///< of the run; then it is over
  std::map<std::string, std::string> environment = {};                ///< of the worker
  std::chrono::milliseconds start_timeout{std::chrono::minutes(10)};  ///< for the worker's first word
};

/// A sandbox with this program's worker in it, and a conversation with that which survives cuts (docs/protocol.md, "A
/// way that may be cut"). Files go by their place. The sandbox is made while the caller goes on, and deleted with
/// this object. An error that is retryable says that the sandbox was lost for a reason that lies outside the run.
std::unique_ptr<StreamChannel> open_e2b_stream(E2bPlan plan);

}  // namespace spillway::sandbox
