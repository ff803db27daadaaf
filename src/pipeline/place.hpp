#pragma once

#include <string>
#include <vector>

#include "pipeline/diagnostics.hpp"
#include "pipeline/node.hpp"

namespace spillway::pipeline {

/// Where the value at a path stands in a document, as far as the document has it.
struct Place {
  Position position;
  Position key_position;
  const Node* value = nullptr;  ///< null when the document has no such value
  const Node* parent = nullptr;
};

/// Follows keys and list indices from `root`, which may be null and then stands at `position`.
Place find_place(const Node* root, Position position, const std::vector<std::string>& path);

}  // namespace spillway::pipeline
