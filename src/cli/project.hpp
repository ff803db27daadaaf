#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/connections.hpp"
#include "pipeline/connection_names.hpp"

namespace spillway::cli {

/// The connections of the current folder's project, their values not replaced.
struct ProjectConnections {
  std::string file;  ///< empty when the project has none
  std::vector<config::Connection> connections;

  pipeline::ConnectionNames names() const;
};
/// All that is wrong with the file, at once.
config::Checked<ProjectConnections> read_project_connections();

/// The variables of this process that give parameters their values.
std::map<std::string, std::string> parameter_variables();

}  // namespace spillway::cli
