#pragma once

#include <span>
#include <string_view>

namespace spillway::pipeline {

/// A components/<name>/spec.yaml, as it was when the binary was built, as JSON.
struct EmbeddedSpec {
  std::string_view name;
  std::string_view json;
};

/// Sorted by name. Defined in a file that cmake/embed_specs.cpp writes.
std::span<const EmbeddedSpec> embedded_specs();

}  // namespace spillway::pipeline
