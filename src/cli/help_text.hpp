#pragma once

#include <string>

#include "pipeline/component.hpp"

namespace spillway::cli {

/// What `spillway help` shows: the verbs, and where to go from there.
std::string overview();
/// The components with their titles, a line each; those of a project are marked.
std::string component_list(const pipeline::ComponentCatalog& catalog);
/// A component's options, examples and hints, from its spec.
std::string component_help(const pipeline::ComponentSpec& spec);

}  // namespace spillway::cli
