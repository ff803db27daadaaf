#include "cli/project.hpp"

#include <unistd.h>

#include <string_view>

#include "pipeline/parameters.hpp"
#include "util/file.hpp"

namespace spillway::cli {
namespace {

constexpr std::uint64_t k_max_connections_bytes = std::uint64_t{1} << 20;

}  // namespace

pipeline::ConnectionNames ProjectConnections::names() const {
  pipeline::ConnectionNames names{.families = {}, .file = file};
  for (const config::Connection& connection : connections) {
    names.families[connection.family].push_back({connection.alias, connection.is_default});
  }
  return names;
}

config::Checked<ProjectConnections> read_project_connections() {
  for (std::string_view file : config::k_connection_files) {
    Result<std::string> text = read_file(file, k_max_connections_bytes);
    if (!text && text.error().code == ErrorCode::file_not_found) continue;
    if (!text) return tl::unexpected(std::vector<Error>{std::move(text.error())});
    auto connections = config::read_connections(*text, std::string(file));
    if (!connections) return tl::unexpected(std::move(connections.error()));
    return ProjectConnections{std::string(file), std::move(*connections)};
  }
  return ProjectConnections{};
}

std::map<std::string, std::string> parameter_variables() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (!text.starts_with(pipeline::k_parameter_variable_prefix) || equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace spillway::cli
