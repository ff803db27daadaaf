#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "e2b/data_plane.hpp"
#include "e2b/process_event.hpp"
#include "util/error.hpp"

/// Why there is no worker in a sandbox of E2B any more, as an error of the run.
namespace spillway::sandbox {

/// It ended without having been asked to. `plane` tells of the memory, when it was killed.
Error e2b_worker_ended(const e2b::ProcessEnded& end, const std::vector<std::string>& last_words,
                       e2b::DataPlane& plane);
/// It ended while nobody listened: nobody knows how.
Error e2b_worker_vanished();
Error e2b_worker_is_silent(std::chrono::milliseconds time);
Error e2b_sandbox_is_gone(const Error& cause);
/// Whether it is there, and what has become of the run, nobody knows.
Error e2b_sandbox_is_out_of_reach(const Error& cause);
Error e2b_start_took_too_long(std::chrono::milliseconds time, const std::string& activity);
Error e2b_run_took_too_long(std::chrono::seconds time);

}  // namespace spillway::sandbox
