#pragma once

#include <filesystem>

#include <nlohmann/json_fwd.hpp>

namespace spillway::run {

/// Removes what processes that were killed would have taken away: temporary files in the run directory, beside the
/// targets of the manifest's steps and beside logs/latest. Nothing of the run may be alive.
void remove_leftovers(const std::filesystem::path& run_dir, const nlohmann::json& manifest);

}  // namespace spillway::run
