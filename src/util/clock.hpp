#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace spillway {

using WallTime = std::chrono::system_clock::time_point;
/// Where the time of day comes from: it may jump, also back.
using WallClock = std::function<WallTime()>;

/// "2026-11-23T23:05:11.123456Z": UTC with microseconds.
std::string to_iso8601(WallTime time);
/// What to_iso8601 wrote; nothing when it is no such text.
std::optional<WallTime> from_iso8601(std::string_view text);
inline std::string now_iso8601() { return to_iso8601(std::chrono::system_clock::now()); }
std::int64_t epoch_milliseconds(WallTime time);

/// Elapsed time by the monotonic clock: unaffected by a wall clock that jumps.
class Stopwatch {
 public:
  std::uint64_t elapsed_ms() const {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - m_start).count());
  }

 private:
  std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

}  // namespace spillway
