#pragma once

#include <functional>
#include <string>

namespace spillway::drivers::sql {

/// How long one takes, as people read it: the middle one of a few.
std::string latency_of(const std::function<void()>& round_trip);

}  // namespace spillway::drivers::sql
