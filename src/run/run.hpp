#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "run/observer.hpp"
#include "run/outcome.hpp"
#include "run/request.hpp"
#include "sandbox/channel.hpp"
#include "util/clock.hpp"

namespace spillway::run {

/// What a run needs of the process it is in; tests bring their own.
struct Host {
  std::function<std::unique_ptr<sandbox::Channel>(const sandbox::RunPlace&)> open_channel;
  Observer& observer;
  std::function<int()> stop_signal;  ///< the signal that asks the run to stop, 0 when none did
  int out_fd = 1;                    ///< where a step that writes to `-` goes
  WallClock now = std::chrono::system_clock::now;
  /// How long steps may take to stop after a cancel.
  std::chrono::milliseconds cancel_grace = std::chrono::seconds(5);
};

/// Runs a plan from the run directory to status.json: the same command stream whatever the channel leads to. Returns
/// what became of it, also when steps failed or the worker died; throws only when there can be no run directory. The
/// request's connections are wiped once the worker has them.
RunOutcome execute(Request& request, const Host& host);

}  // namespace spillway::run
