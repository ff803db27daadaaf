#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/component.hpp"
#include "pipeline/diagnostics.hpp"
#include "pipeline/node.hpp"

namespace spillway::pipeline {

/// A step that another one names in `needs`.
struct OmlNeed {
  std::string step_id;
  Position position;
};

/// An entry of a step's `inputs`: the DataFrame of a step under a name of its own.
struct OmlInput {
  std::string key;
  std::string step_id;  ///< as it is written: the id, or the id with '_' for what is no letter or digit
  Position position;
};

/// A step as the document says it. What is wrong with it has been reported; it is kept for the checks that follow.
struct OmlStep {
  std::string id;  ///< empty when the document gives none
  Position position;
  const ComponentSpec* component = nullptr;  ///< null when unknown
  Mode mode = Mode::read;
  const Node* config = nullptr;  ///< a map; null when left out
  /// False when the document has a config, or needs, that cannot be read: nothing more is to be said of them.
  bool is_config_readable = true;
  bool are_needs_readable = true;
  Position config_position;                   ///< of the key `config`, else of the step
  std::optional<std::vector<OmlNeed>> needs;  ///< unset: the step does not say
  std::vector<OmlInput> inputs;               ///< empty: the needs are the inputs
  bool is_streamed = false;                   ///< materialize: stream
  Position materialize_position;              ///< of its value
};

struct OmlDocument {
  std::string name;
  std::vector<OmlStep> steps;
};

/// Reads OML 0.1.0 from a document's tree, which must outlive the result. Checks every key by itself; how the steps
/// fit together is for graph.hpp, and their configs for config_check.hpp.
OmlDocument read_oml(const Node& root, const ComponentCatalog& catalog, Diagnostics& diagnostics);

}  // namespace spillway::pipeline
