#include "worker/memory_plan.hpp"

#include <algorithm>

namespace spillway::worker {
namespace {

constexpr std::uint64_t k_megabyte = 1024 * 1024;
constexpr std::uint64_t k_min_engine_bytes = 64 * k_megabyte;
constexpr std::uint64_t k_max_reserve_bytes = 1024 * k_megabyte;

}  // namespace

MemoryPlan plan_memory(std::uint64_t budget_bytes) {
  const std::uint64_t reserve = std::min(budget_bytes / 4, k_max_reserve_bytes);
  MemoryPlan plan;
  plan.engine_bytes = std::max(budget_bytes - reserve, k_min_engine_bytes);
  plan.frames_bytes = plan.engine_bytes / 4 * 3;
  return plan;
}

}  // namespace spillway::worker
