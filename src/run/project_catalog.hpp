#pragma once

#include <filesystem>

#include "pipeline/component.hpp"
#include "pipeline/diagnostics.hpp"

namespace spillway::run {

/// The built-in components and those that a project describes in components/<name>/spec.yaml; other folders there are
/// none of Spillway's. `project` is the project's folder, empty for the current one.
pipeline::Diagnosed<pipeline::ComponentCatalog> project_catalog(const std::filesystem::path& project = {});

}  // namespace spillway::run
