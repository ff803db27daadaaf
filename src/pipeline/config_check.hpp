#pragma once

#include <map>
#include <string>

#include "pipeline/config_schema.hpp"
#include "pipeline/connection_names.hpp"
#include "pipeline/oml.hpp"

namespace spillway::pipeline {

/// Checks the configs of a document's steps against their components' schemas, each schema compiled once.
class ConfigChecker {
 public:
  ConfigChecker(ConnectionChecker& connections, Diagnostics& diagnostics)
      : m_connections(connections), m_diagnostics(diagnostics) {}

  /// The step's config with its defaults and its connection filled in; what is wrong with it is reported at the place
  /// of each option.
  Json check(const OmlStep& step);

 private:
  const ConfigSchema& schema_of(const ComponentSpec& component);
  void report(const ConfigProblem& problem, const OmlStep& step);

  ConnectionChecker& m_connections;
  Diagnostics& m_diagnostics;
  std::map<const ComponentSpec*, ConfigSchema> m_schemas;
};

}  // namespace spillway::pipeline
