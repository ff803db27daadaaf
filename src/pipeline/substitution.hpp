#pragma once

#include <vector>

#include "pipeline/diagnostics.hpp"
#include "pipeline/node.hpp"
#include "pipeline/parameters.hpp"

namespace spillway::pipeline {

/// Replaces ${params.NAME} in the configs of the steps. A value that is only a reference gets the parameter's value
/// with its type; inside a longer text it becomes text. $${ stands for ${. Reports references to what there is not,
/// and references in places where none is replaced; a parameter that nothing refers to is a warning.
void substitute_parameters(Node& root, const std::vector<Parameter>& parameters, Diagnostics& diagnostics,
                           Diagnostics& warnings);

}  // namespace spillway::pipeline
