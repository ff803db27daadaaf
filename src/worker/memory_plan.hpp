#pragma once

#include <cstdint>

namespace spillway::worker {

/// How a worker's memory budget (SPILLWAY_MEMORY_LIMIT) is shared out.
struct MemoryPlan {
  std::uint64_t engine_bytes = 0;  ///< the engine's memory_limit
  std::uint64_t frames_bytes = 0;  ///< of all frames in memory together; the rest is for running statements
};

/// The engine's limit covers its buffers only; the program, the reading and writing of files and the allocator's
/// slack come on top.
MemoryPlan plan_memory(std::uint64_t budget_bytes);

}  // namespace spillway::worker
