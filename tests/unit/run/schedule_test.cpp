#include "run/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spillway::run {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Ids = std::vector<std::string>;

/// a -> b -> c, and d on its own.
Schedule chain_and_loner(std::size_t max_running) {
  return {{{"a", {}}, {"b", {"a"}}, {"c", {"b"}}, {"d", {}}}, max_running};
}

TEST(Schedule, StartsWhatNeedsNothingInManifestOrder) {
  Schedule schedule = chain_and_loner(8);
  EXPECT_THAT(schedule.start_ready(), ElementsAre("a", "d"));
  EXPECT_THAT(schedule.start_ready(), IsEmpty()) << "a step starts once";
  EXPECT_THAT(schedule.running(), ElementsAre("a", "d"));
}

TEST(Schedule, RunsAtMostSoManyAtATime) {
  Schedule schedule({{"a", {}}, {"b", {}}, {"c", {}}}, 2);
  EXPECT_THAT(schedule.start_ready(), ElementsAre("a", "b"));
  schedule.finish("b", StepStatus::succeeded);
  EXPECT_THAT(schedule.start_ready(), ElementsAre("c"));
}

TEST(Schedule, AStepThatStartedElsewhereRuns) {
  Schedule schedule = chain_and_loner(8);
  schedule.start_ready();
  schedule.stop();
  schedule.start("b");
  EXPECT_THAT(schedule.running(), ElementsAre("a", "b", "d"));
  for (const char* id : {"a", "b", "d"}) schedule.finish(id, StepStatus::cancelled);
  EXPECT_FALSE(schedule.has_running());
  ASSERT_EQ(schedule.skips(SkipReason::run_cancelled).size(), 1U);
  EXPECT_EQ(schedule.skips(SkipReason::run_cancelled)[0].step_id, "c");
}

TEST(Schedule, AStepWaitsForAllItsNeeds) {
  Schedule schedule({{"a", {}}, {"b", {}}, {"join", {"a", "b"}}}, 8);
  schedule.start_ready();
  schedule.finish("a", StepStatus::succeeded);
  EXPECT_THAT(schedule.start_ready(), IsEmpty());
  schedule.finish("b", StepStatus::succeeded);
  EXPECT_THAT(schedule.start_ready(), ElementsAre("join"));
  EXPECT_TRUE(schedule.is_running("join"));
  schedule.finish("join", StepStatus::succeeded);
  EXPECT_FALSE(schedule.has_running());
  EXPECT_THAT(schedule.skips(SkipReason::run_failed), IsEmpty());
}

TEST(Schedule, WhoReadsAStreamStartsWithIt) {
  Schedule schedule = chain_and_loner(8);
  schedule.start_ready();
  schedule.open_stream("a");
  EXPECT_THAT(schedule.start_ready(), ElementsAre("b"));
  schedule.finish("a", StepStatus::succeeded);
  EXPECT_THAT(schedule.start_ready(), IsEmpty()) << "b starts once";
  schedule.finish("b", StepStatus::succeeded);
  EXPECT_THAT(schedule.start_ready(), ElementsAre("c"));
}

TEST(Schedule, WhoReadsAStreamMayEndBeforeIt) {
  Schedule schedule = chain_and_loner(8);
  schedule.start_ready();
  schedule.open_stream("a");
  schedule.start_ready();
  schedule.finish("b", StepStatus::succeeded);
  EXPECT_THAT(schedule.start_ready(), ElementsAre("c"));
  EXPECT_TRUE(schedule.is_running("a"));
  schedule.finish("a", StepStatus::succeeded);
  EXPECT_THAT(schedule.running(), ElementsAre("c", "d"));
}

TEST(Schedule, AStreamTakesNoPlaceFromWhoReadsIt) {
  Schedule schedule({{"a", {}}, {"b", {"a"}}, {"c", {"b"}}}, 1);
  EXPECT_THAT(schedule.start_ready(), ElementsAre("a"));
  schedule.open_stream("a");
  EXPECT_THAT(schedule.start_ready(), ElementsAre("b"));
  schedule.open_stream("b");
  EXPECT_THAT(schedule.start_ready(), ElementsAre("c"));
  for (const char* id : {"a", "b", "c"}) schedule.finish(id, StepStatus::succeeded);
  EXPECT_FALSE(schedule.has_running());
}

TEST(Schedule, AStreamIsOpenedOnceAndOnlyByAStepThatRuns) {
  Schedule schedule({{"a", {}}, {"b", {}}, {"join", {"a", "b"}}}, 1);
  schedule.open_stream("b");
  EXPECT_THAT(schedule.start_ready(), ElementsAre("a"));
  schedule.open_stream("a");
  schedule.open_stream("a");
  EXPECT_THAT(schedule.start_ready(), ElementsAre("b")) << "b is not done";
}

TEST(Schedule, AfterAFailureNothingStarts) {
  Schedule schedule({{"a", {}}, {"b", {}}, {"c", {}}}, 2);
  schedule.start_ready();
  schedule.finish("a", StepStatus::failed);
  EXPECT_THAT(schedule.start_ready(), IsEmpty());
  EXPECT_THAT(schedule.running(), ElementsAre("b")) << "what runs goes on until it ends";
  schedule.finish("b", StepStatus::succeeded);
  EXPECT_THAT(schedule.start_ready(), IsEmpty());
}

TEST(Schedule, SkipsNameTheFailedStepThatIsToBlame) {
  Schedule schedule({{"a", {}}, {"b", {"a"}}, {"c", {"b"}}, {"late", {}}}, 1);
  schedule.start_ready();
  schedule.finish("a", StepStatus::failed);
  const std::vector<Skip> skips = schedule.skips(SkipReason::run_failed);
  ASSERT_EQ(skips.size(), 3U);
  EXPECT_EQ(skips[0].step_id, "b");
  EXPECT_EQ(skips[0].reason, SkipReason::upstream_failed);
  EXPECT_EQ(skips[0].because_of, "a");
  EXPECT_EQ(skips[1].step_id, "c");
  EXPECT_EQ(skips[1].because_of, "a") << "the failure itself, not the skipped step between";
  EXPECT_EQ(skips[2].step_id, "late");
  EXPECT_EQ(skips[2].reason, SkipReason::run_failed);
  EXPECT_EQ(skips[2].because_of, "a");
}

TEST(Schedule, DependantsOfACancelledStepAreSkippedForTheFailureThatCancelledIt) {
  Schedule schedule({{"bad", {}}, {"slow", {}}, {"after", {"slow"}}}, 2);
  schedule.start_ready();
  schedule.finish("bad", StepStatus::failed);
  schedule.finish("slow", StepStatus::cancelled);
  const std::vector<Skip> skips = schedule.skips(SkipReason::run_failed);
  ASSERT_EQ(skips.size(), 1U);
  EXPECT_EQ(skips[0].reason, SkipReason::run_failed);
  EXPECT_EQ(skips[0].because_of, "bad");
}

TEST(Schedule, AStoppedRunSkipsWithoutBlame) {
  Schedule schedule = chain_and_loner(1);
  schedule.stop();
  EXPECT_THAT(schedule.start_ready(), IsEmpty());
  const std::vector<Skip> skips = schedule.skips(SkipReason::run_cancelled);
  ASSERT_EQ(skips.size(), 4U);
  EXPECT_EQ(skips[0].reason, SkipReason::run_cancelled);
  EXPECT_EQ(skips[0].because_of, "");
}

TEST(Schedule, FiveThousandStepsInAChainAllRun) {
  std::vector<Schedule::Step> steps{{"s0", {}}};
  for (int i = 1; i < 5000; ++i) steps.push_back({"s" + std::to_string(i), {"s" + std::to_string(i - 1)}});
  Schedule schedule(steps, 4);
  std::size_t ran = 0;
  for (Ids ready = schedule.start_ready(); !ready.empty(); ready = schedule.start_ready()) {
    ASSERT_EQ(ready.size(), 1U);
    schedule.finish(ready.front(), StepStatus::succeeded);
    ++ran;
  }
  EXPECT_EQ(ran, steps.size());
}

}  // namespace
}  // namespace spillway::run
