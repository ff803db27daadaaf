#pragma once

#include <span>
#include <string_view>

namespace spillway::pipeline {

/// The text of a components/<name>/spec.yaml, as it was when the binary was built.
struct EmbeddedSpec {
  std::string_view name;
  std::string_view yaml;
};

/// Sorted by name. Defined in a file that cmake/EmbedFiles.cmake writes.
std::span<const EmbeddedSpec> embedded_specs();

}  // namespace spillway::pipeline
