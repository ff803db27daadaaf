#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/inputs.hpp"
#include "pipeline/oml.hpp"

namespace spillway::pipeline {

/// How the steps of a document hang together. Steps are named by their index in the document.
struct Graph {
  std::vector<std::vector<std::size_t>> needs;  ///< of each step, in the order in which it names them, inputs last
  std::vector<std::vector<StepInput>> named_inputs;  ///< of each step that has `inputs`, in the order of their names
  std::vector<bool> is_resolved;                     ///< of each step: all that its needs and inputs name is known
  std::vector<std::size_t> order;  ///< every step after its needs; document order where that leaves a choice
};

/// Resolves the needs and checks them: unknown steps, a step that needs itself, cycles, writers and processors
/// without an input, inputs that come from a writer, streamed steps that not exactly one step reads. `order` is
/// incomplete when there is a cycle.
Graph resolve_graph(const OmlDocument& document, Diagnostics& diagnostics);

/// The inputs of a step: those that it names itself, else its needs; none for an extractor.
std::vector<StepInput> inputs_of(const OmlDocument& document, const Graph& graph, std::size_t step);

/// What runs but is probably a mistake: a DataFrame that no step reads.
std::vector<std::size_t> unread_steps(const OmlDocument& document, const Graph& graph);

}  // namespace spillway::pipeline
