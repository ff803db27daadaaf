#pragma once

#include <string>
#include <vector>

#include "pipeline/manifest.hpp"

namespace spillway::cli {

/// A step's line of a tree: "|- ", "`- " and so on before its id.
struct TreeLine {
  const pipeline::ManifestStep* step = nullptr;
  std::string branch;
};

/// The steps as a forest, each below the last step that it needs, in the manifest's order otherwise. A line is not
/// indented deeper than k_max_tree_depth.
inline constexpr std::size_t k_max_tree_depth = 20;
std::vector<TreeLine> step_tree(const pipeline::Manifest& manifest);

}  // namespace spillway::cli
