#include "util/clock.hpp"

namespace spillway {
namespace {

TEST(Clock, Iso8601IsUtcWithMicroseconds) {
  const WallTime time{std::chrono::microseconds(1'763'939'111'123'456)};
  EXPECT_EQ(to_iso8601(time), "2025-11-23T23:05:11.123456Z");
  EXPECT_EQ(to_iso8601(WallTime{}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(epoch_milliseconds(time), 1'763'939'111'123);
}

TEST(Clock, Iso8601IsReadAsItIsWritten) {
  for (const std::int64_t microseconds : {std::int64_t{1'763'939'111'123'456}, std::int64_t{0}}) {
    const WallTime time{std::chrono::microseconds(microseconds)};
    EXPECT_EQ(from_iso8601(to_iso8601(time)), time);
  }
  for (const char* text : {"", "2025-11-23", "2025-11-23T23:05:11Z", "2025-11-23T23:05:11.12345xZ",
                           "2025-13-23T23:05:11.123456Z", "2025-11-23T23:05:11.123456+"}) {
    EXPECT_FALSE(from_iso8601(text)) << text;
  }
}

}  // namespace
}  // namespace spillway
