#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/component.hpp"

namespace spillway::worker {

using Json = nlohmann::json;

/// A step's config file as it was read.
struct StepConfig {
  std::string sha256;             ///< of the file's bytes
  std::vector<std::string> keys;  ///< all of them, sorted
  Json config;                    ///< for the driver: without the meta keys
  std::vector<std::string> meta_keys;
};

/// Reads `session_dir`/`cfg_path`; throws when it is missing or no JSON object.
StepConfig read_step_config(const std::filesystem::path& session_dir, const std::string& cfg_path);

/// The config as artifacts keep it: secrets masked where the component's spec says, and wherever a key's name says.
Json cleaned_config(Json config, const pipeline::ComponentSpec& spec);

}  // namespace spillway::worker
