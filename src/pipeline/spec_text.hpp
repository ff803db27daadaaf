#pragma once

#include <string>

#include "pipeline/component.hpp"

/// How help texts and reference pages write parts of a spec.
namespace spillway::pipeline {

/// What may stand in an option: "string", "integer|null", or the values that it knows.
std::string option_type(const Json& option);
bool is_required_option(const Json& config_schema, const std::string& name);
/// One option of an example as the line, or the lines, of YAML that a person would write.
std::string option_yaml(const std::string& name, const Json& value, std::size_t indent);

/// docs/components/<name>.md.
std::string component_page(const ComponentSpec& spec);
/// docs/components/README.md.
std::string component_index(const ComponentCatalog& catalog);

}  // namespace spillway::pipeline
