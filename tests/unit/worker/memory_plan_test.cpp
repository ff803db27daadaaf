#include "worker/memory_plan.hpp"

namespace spillway::worker {
namespace {

constexpr std::uint64_t k_megabyte = std::uint64_t{1} << 20;

TEST(MemoryPlan, LeavesPartOfTheBudgetToTheProgramItself) {
  const MemoryPlan plan = plan_memory(512 * k_megabyte);
  EXPECT_EQ(plan.engine_bytes, 384 * k_megabyte);
  EXPECT_EQ(plan.frames_bytes, 288 * k_megabyte);
}

TEST(MemoryPlan, TheReserveDoesNotGrowWithoutEnd) {
  EXPECT_EQ(plan_memory(64 * 1024 * k_megabyte).engine_bytes, 63 * 1024 * k_megabyte);
}

TEST(MemoryPlan, ASmallBudgetStillStarts) { EXPECT_EQ(plan_memory(1).engine_bytes, 64 * k_megabyte); }

}  // namespace
}  // namespace spillway::worker
