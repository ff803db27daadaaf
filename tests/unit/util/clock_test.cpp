#include "util/clock.hpp"

namespace spillway {
namespace {

TEST(Clock, Iso8601IsUtcWithMicroseconds) {
  const WallTime time{std::chrono::microseconds(1'763'939'111'123'456)};
  EXPECT_EQ(to_iso8601(time), "2025-11-23T23:05:11.123456Z");
  EXPECT_EQ(to_iso8601(WallTime{}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(epoch_milliseconds(time), 1'763'939'111'123);
}

}  // namespace
}  // namespace spillway
