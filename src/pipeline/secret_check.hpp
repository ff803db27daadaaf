#pragma once

#include "pipeline/diagnostics.hpp"
#include "pipeline/oml.hpp"

namespace spillway::pipeline {

/// Refuses secrets that stand in a document: by the component's spec, by the name of their key, by their look. The
/// errors name the place, and the values are hidden from all errors of the document.
void refuse_secrets(const Node& root, const OmlDocument& document, Diagnostics& diagnostics);

}  // namespace spillway::pipeline
