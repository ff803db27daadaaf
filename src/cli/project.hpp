#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/connections.hpp"
#include "pipeline/connection_names.hpp"
#include "run/plan.hpp"

namespace spillway::cli {

/// The connections of the current folder's project, their values not replaced.
struct ProjectConnections {
  std::string file;  ///< empty when the project has none
  std::vector<config::Connection> connections;

  pipeline::ConnectionNames names() const;
};
/// All that is wrong with the file, at once.
config::Checked<ProjectConnections> read_project_connections();

/// The connections that a plan's steps name, with their values: from the environment, .env and files.
struct ResolvedConnections {
  config::Json by_reference = config::Json::object();  ///< "@family.alias" -> its fields
  std::vector<std::string> secrets;                    ///< what no output may show
};
/// Reads no value when no step names a connection. Errors (code connection) name the field, never a value.
config::Checked<ResolvedConnections> resolve_connections(const run::Plan& plan);
/// The same for these connections.
config::Checked<ResolvedConnections> resolve_connections(const std::vector<config::Connection>& connections);

/// The connection of that reference (@family.alias), or all of them when it is empty. Throws ErrorCode::usage.
std::vector<const config::Connection*> choose_connections(const ProjectConnections& project,
                                                          const std::string& reference);

/// The variables of this process that give parameters their values.
std::map<std::string, std::string> parameter_variables();

}  // namespace spillway::cli
