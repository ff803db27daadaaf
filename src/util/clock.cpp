#include "util/clock.hpp"

#include <ctime>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway {

std::string to_iso8601(WallTime time) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(microseconds / 1'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, microseconds % 1'000'000);
}

std::optional<WallTime> from_iso8601(std::string_view text) {
  constexpr std::size_t k_seconds_length = 19;
  constexpr std::size_t k_length = 27;
  if (text.size() != k_length || text.back() != 'Z' || text[k_seconds_length] != '.') return std::nullopt;
  const std::string seconds(text.substr(0, k_seconds_length));
  std::tm utc{};
  const char* end = ::strptime(seconds.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  const auto microseconds = parse_uint(text.substr(k_seconds_length + 1, k_length - k_seconds_length - 2));
  if (end == nullptr || *end != '\0' || !microseconds) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&utc)) + std::chrono::microseconds(*microseconds);
}

std::int64_t epoch_milliseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace spillway
