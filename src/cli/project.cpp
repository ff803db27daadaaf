#include "cli/project.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "config/connection_fields.hpp"
#include "config/wipe.hpp"
#include "pipeline/parameters.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

constexpr std::uint64_t k_max_connections_bytes = std::uint64_t{1} << 20;
constexpr auto k_dotenv = ".env";

std::set<std::string> named_connections(const run::Plan& plan) {
  std::set<std::string> references;
  for (run::StepConnection& step : run::step_connections(plan)) references.insert(std::move(step.reference));
  return references;
}

std::string reference_to(const config::Connection& connection) {
  return fmt::format("@{}.{}", connection.family, connection.alias);
}

config::Checked<std::map<std::string, std::string>> project_dotenv() {
  Result<std::string> text = read_file(k_dotenv, k_max_connections_bytes);
  if (text) return config::read_dotenv(*text, k_dotenv);
  if (text.error().code == ErrorCode::file_not_found) return {};
  return tl::unexpected(std::vector<Error>{std::move(text.error())});
}

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

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
    std::vector<Error> errors;
    for (const config::Connection& connection : *connections) {
      std::ranges::move(config::check_connection_fields(connection), std::back_inserter(errors));
    }
    if (!errors.empty()) return tl::unexpected(std::move(errors));
    return ProjectConnections{std::string(file), std::move(*connections)};
  }
  return ProjectConnections{};
}

config::Checked<ResolvedConnections> resolve_connections(const run::Plan& plan) {
  const std::set<std::string> references = named_connections(plan);
  if (references.empty()) return ResolvedConnections{};
  const auto project = read_project_connections();
  if (!project) return tl::unexpected(project.error());
  std::vector<config::Connection> named;
  std::vector<Error> errors;
  for (const std::string& reference : references) {
    const auto connection = std::ranges::find(project->connections, reference, reference_to);
    if (connection != project->connections.end()) {
      named.push_back(*connection);
      continue;
    }
    errors.push_back(make_error(ErrorCode::connection,
                                fmt::format("unknown connection '{}': the project does not declare it", reference),
                                "compile the pipeline here: it may come from another project"));
  }
  auto resolved = resolve_connections(named);
  if (!resolved) std::ranges::move(resolved.error(), std::back_inserter(errors));
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return resolved;
}

config::Checked<ResolvedConnections> resolve_connections(const std::vector<config::Connection>& connections) {
  ResolvedConnections resolved;
  auto dotenv = project_dotenv();
  if (!dotenv) return tl::unexpected(std::move(dotenv.error()));
  config::ValueSources sources{environment_variable, std::move(*dotenv),
                               [](const std::string& path) { return read_file(path, k_max_connections_bytes); }};
  std::vector<Error> errors;
  for (const config::Connection& connection : connections) {
    auto values = config::resolve_connection(connection, sources);
    if (!values) {
      std::ranges::move(values.error(), std::back_inserter(errors));
      continue;
    }
    resolved.by_reference[reference_to(connection)] = std::move(values->fields);
    std::ranges::move(values->secrets, std::back_inserter(resolved.secrets));
  }
  for (auto& [name, value] : sources.dotenv) config::wipe(value);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return resolved;
}

std::vector<const config::Connection*> choose_connections(const ProjectConnections& project,
                                                          const std::string& reference) {
  std::vector<const config::Connection*> chosen;
  std::vector<std::string> references;
  for (const config::Connection& connection : project.connections) {
    references.push_back(reference_to(connection));
    if (reference.empty() || references.back() == reference) chosen.push_back(&connection);
  }
  if (!reference.empty() && chosen.empty()) {
    const auto nearest = closest_match(reference, references);
    fail(ErrorCode::usage,
         fmt::format("unknown connection '{}': {}", reference,
                     project.file.empty() ? "the project has no spillway_connections.yaml"
                                          : fmt::format("{} has none of that name", project.file)),
         nearest ? fmt::format("did you mean '{}'?", *nearest) : "spillway connections lists them");
  }
  return chosen;
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
