#include "drivers/sql/latency.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

namespace spillway::drivers::sql {

std::string latency_of(const std::function<void()>& round_trip) {
  std::array<double, 5> milliseconds{};
  for (double& one : milliseconds) {
    const auto start = std::chrono::steady_clock::now();
    round_trip();
    one = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }
  std::ranges::sort(milliseconds);
  return fmt::format("{:.1f} ms a round trip", milliseconds[milliseconds.size() / 2]);
}

}  // namespace spillway::drivers::sql
