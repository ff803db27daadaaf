#include "run/stop_signals.hpp"

#include <gtest/gtest.h>

namespace spillway::run {
namespace {

TEST(StopSignals, NotesTheFirstSignal) {
  const StopSignals signals;
  EXPECT_EQ(StopSignals::received(), 0);
  ::raise(SIGTERM);
  ::raise(SIGINT);
  EXPECT_EQ(StopSignals::received(), SIGTERM);
}

TEST(StopSignals, EachRunStartsAfresh) {
  {
    const StopSignals signals;
    ::raise(SIGINT);
  }
  const StopSignals signals;
  EXPECT_EQ(StopSignals::received(), 0);
}

TEST(StopSignalsDeathTest, ASecondCtrlCEndsTheProgramAtOnce) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        const StopSignals signals;
        ::raise(SIGINT);
        ::raise(SIGINT);
      },
      ::testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace spillway::run
