#pragma once

#include <map>
#include <string>
#include <vector>

#include "pipeline/component.hpp"
#include "pipeline/diagnostics.hpp"
#include "pipeline/oml.hpp"

namespace spillway::pipeline {

/// The connections that a project has, by name only: the compiler checks references and never sees a value.
struct ConnectionNames {
  struct Alias {
    std::string name;
    bool is_default = false;  ///< marked default: true
  };
  std::map<std::string, std::vector<Alias>> families;
  std::string file;  ///< where they are declared; empty when the project has no such file
};

/// Checks the connection of a step and writes it into its config as @family.alias, also when the step names only the
/// family or nothing (the family's default: its only alias, or the one marked default: true, or the one named
/// default). Fields of the connection that the config overrides are judged by the component's spec.
class ConnectionChecker {
 public:
  ConnectionChecker(const ConnectionNames& names, Diagnostics& diagnostics, Diagnostics& warnings)
      : m_names(names), m_diagnostics(diagnostics), m_warnings(warnings) {}

  void check(const OmlStep& step, Json& config);

 private:
  std::string default_alias(const OmlStep& step, const std::string& family, Position position);
  std::string known_alias(const std::string& family, const std::string& alias, const Node& reference);
  void check_overrides(const OmlStep& step);
  std::string list(const std::string& family) const;

  const ConnectionNames& m_names;
  Diagnostics& m_diagnostics;
  Diagnostics& m_warnings;
};

}  // namespace spillway::pipeline
