#pragma once

#include <string>
#include <string_view>

namespace spillway::pipeline {

/// Why a text is no step id; empty when it is one. An id becomes the name of a folder and of a file:
/// [A-Za-z0-9_][A-Za-z0-9_.-]{0,127} without "..", and not "_system", where a run keeps its own artifacts.
std::string step_id_problem(std::string_view id);

/// Where a step's config is, relative to the manifest.
std::string cfg_path_of(std::string_view step_id);

}  // namespace spillway::pipeline
