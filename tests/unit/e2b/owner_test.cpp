#include "e2b/owner.hpp"

#include <gtest/gtest.h>

namespace spillway::e2b {
namespace {

TEST(Owner, ThisProcessGoesOn) {
  const Metadata mine = owner_metadata("run_1");
  EXPECT_EQ(mine.at("spillway"), "run");
  EXPECT_EQ(mine.at("spillway_session"), "run_1");
  EXPECT_EQ(owner_of(mine), Owner::runs);
}

TEST(Owner, ANumberThatIsUsedAgainIsAnotherProcess) {
  Metadata other = owner_metadata("run_1");
  other[k_start_key] = "1";
  EXPECT_EQ(owner_of(other), Owner::gone);
  other[k_pid_key] = "999999999";
  EXPECT_EQ(owner_of(other), Owner::gone);
}

TEST(Owner, OfAnotherMachineNothingIsKnown) {
  Metadata other = owner_metadata("run_1");
  other[k_host_key] = "another";
  EXPECT_EQ(owner_of(other), Owner::elsewhere);
  EXPECT_EQ(owner_of({}), Owner::elsewhere);
  other = owner_metadata("run_1");
  other[k_pid_key] = "x";
  EXPECT_EQ(owner_of(other), Owner::elsewhere);
}

}  // namespace
}  // namespace spillway::e2b
