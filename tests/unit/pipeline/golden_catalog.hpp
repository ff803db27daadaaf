#pragma once

#include <filesystem>
#include <utility>
#include <vector>

#include "documents.hpp"
#include "pipeline/project_components.hpp"
#include "util/file.hpp"

namespace spillway::pipeline {

/// The built-in components and those of the golden documents' project.
inline const ComponentCatalog& golden_catalog() {
  static const ComponentCatalog catalog = [] {
    std::vector<SpecFile> specs;
    for (const auto& entry :
         std::filesystem::directory_iterator(SPILLWAY_SOURCE_DIR "/tests/golden/pipelines/components")) {
      const std::filesystem::path spec = entry.path() / "spec.yaml";
      specs.push_back({spec, entry.path().filename(), value_or_throw(read_file(spec))});
    }
    auto with_specs = catalog_with(specs);
    if (!with_specs) fail(with_specs.error().front());
    return std::move(*with_specs);
  }();
  return catalog;
}

}  // namespace spillway::pipeline
