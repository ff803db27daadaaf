#pragma once

#include <string>
#include <vector>

#include "pipeline/component.hpp"
#include "pipeline/diagnostics.hpp"

namespace spillway::pipeline {

/// A components/<folder>/spec.yaml of a project.
struct SpecFile {
  std::string path;  ///< as errors name it
  std::string folder;
  std::string text;
};

/// The built-in components and a project's own. A spec that says what a built-in one says is that one; one that says
/// something else under its name is an error: what a name means does not change from project to project.
Diagnosed<ComponentCatalog> catalog_with(const std::vector<SpecFile>& project_specs);

}  // namespace spillway::pipeline
