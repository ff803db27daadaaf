#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/diagnostics.hpp"
#include "pipeline/node.hpp"

namespace spillway::pipeline {

/// Values for a document's parameters from outside of it, the strongest first; the profile's follow, then the
/// defaults.
struct ParameterSources {
  std::map<std::string, std::string> flags;  ///< --param name=value
  std::map<std::string, std::string>
      environment;      ///< by variable, SPILLWAY_PARAM_<NAME>; an empty one counts as unset
  std::string profile;  ///< --profile; empty for none
};

inline constexpr std::string_view k_parameter_variable_prefix = "SPILLWAY_PARAM_";

/// A parameter as `params` declares it, with the value it has in this compilation.
struct Parameter {
  std::string name;
  Position position;
  std::optional<Node> value;  ///< a scalar; unset when it has none, or none that fits, which has been reported
};

/// Reads `params` and `profiles` and decides every parameter's value; what is wrong with a declaration, a profile or
/// a value is reported.
std::vector<Parameter> read_parameters(const Node& root, const ParameterSources& sources, Diagnostics& diagnostics);

}  // namespace spillway::pipeline
