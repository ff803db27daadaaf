#pragma once

#include <cstdint>
#include <filesystem>

namespace spillway::config {

/// What this process may use: the machine's, or less when its cgroup or its CPU affinity says so.
struct MachineLimits {
  std::uint64_t memory_bytes = 0;
  unsigned cores = 1;
};

/// Reads /proc and /sys below `root` (a test's own tree) and the affinity of the calling process.
MachineLimits detect_machine(const std::filesystem::path& root = "/");

}  // namespace spillway::config
