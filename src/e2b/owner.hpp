#pragma once

#include <string>

#include "e2b/control_plane.hpp"

namespace spillway::e2b {

/// By which sandboxes are known as those of runs, whoever made them, and the process of this machine that holds one.
inline constexpr auto k_kind_key = "spillway";
inline constexpr auto k_kind = "run";
inline constexpr auto k_session_key = "spillway_session";
inline constexpr auto k_host_key = "spillway_host";
inline constexpr auto k_pid_key = "spillway_pid";
inline constexpr auto k_start_key = "spillway_start";  ///< of the process, as /proc tells it: numbers are used again

/// What a sandbox of this process is marked with.
Metadata owner_metadata(const std::string& session_id);

/// What became of whoever made a sandbox.
enum class Owner {
  runs,       ///< a process of this machine that goes on
  gone,       ///< one of this machine that has ended: the sandbox is a leftover
  elsewhere,  ///< one of another machine, of which nothing is known here
};
Owner owner_of(const Metadata& metadata);

}  // namespace spillway::e2b
