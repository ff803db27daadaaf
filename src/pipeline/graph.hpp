#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/oml.hpp"

namespace spillway::pipeline {

/// How the steps of a document hang together. Steps are named by their index in the document.
struct Graph {
  std::vector<std::vector<std::size_t>> needs;  ///< of each step, in the order in which it names them
  std::vector<std::size_t> order;  ///< every step after its needs; document order where that leaves a choice
};

/// Resolves the needs and checks them: unknown steps, a step that needs itself, cycles, writers and processors
/// without an input, inputs that come from a writer. `order` is incomplete when there is a cycle.
Graph resolve_graph(const OmlDocument& document, Diagnostics& diagnostics);

/// What runs but is probably a mistake: a DataFrame that no step reads.
std::vector<std::size_t> unread_steps(const OmlDocument& document, const Graph& graph);

}  // namespace spillway::pipeline
