#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "pipeline/manifest.hpp"
#include "run/outcome.hpp"

namespace spillway::run {

/// What the record of a run tells of it.
struct Replayed {
  RunOutcome outcome;
  std::uint64_t last_seq = 0;
  bool has_ended = false;  ///< there is the event of the run's end: status, exit code and error are known
};

/// Reads a run directory's events. Without a manifest the steps are those that the events name.
Replayed replay(const std::filesystem::path& run_dir, const std::optional<pipeline::Manifest>& manifest);

}  // namespace spillway::run
