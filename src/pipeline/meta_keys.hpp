#pragma once

#include <array>
#include <string_view>

namespace spillway::pipeline {

/// The keys of cfg/<id>.json that are about the step, not for its driver: the worker strips them
/// (`config_meta_stripped`) before the driver sees its config.
inline constexpr std::array<std::string_view, 2> k_meta_keys{"component", "mode"};

}  // namespace spillway::pipeline
