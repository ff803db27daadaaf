#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "pipeline/diagnostics.hpp"

namespace spillway::pipeline {

/// Reads a component's spec.yaml and checks all of it: its form, its configSchema, and that its examples and defaults
/// fit that. `folder` is the name of its folder, which must be the component's. The built-in specs pass through here
/// when the binary is built, a project's own when it is loaded.
Diagnosed<nlohmann::json> read_spec(std::string_view text, const std::string& file_name, std::string_view folder);

}  // namespace spillway::pipeline
