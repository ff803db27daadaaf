#include "run/plan.hpp"

#include <cerrno>

#include <fmt/format.h>

#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::run {
namespace {

/// No pipeline that a person wrote is near it; a device or a data file given by mistake is soon beyond it.
constexpr std::uint64_t k_max_document_bytes = std::uint64_t{64} * 1024 * 1024;

std::map<std::string, pipeline::Role> roles_of(const pipeline::Manifest& manifest,
                                               const pipeline::ComponentCatalog& catalog,
                                               std::vector<Error>& errors) {
  std::map<std::string, pipeline::Role> roles;
  for (const pipeline::ManifestStep& step : manifest.steps) {
    if (const pipeline::ComponentSpec* spec = catalog.find(step.driver)) {
      roles[step.id] = spec->role;
    } else {
      errors.push_back(make_error(ErrorCode::invalid_pipeline,
                                  fmt::format("step '{}' has the unknown component '{}'", step.id, step.driver),
                                  "spillway components lists the known ones"));
      errors.back().id = pipeline::id_of(pipeline::Code::unknown_component);
    }
  }
  return roles;
}

pipeline::Diagnosed<Plan> plan_from_manifest(const Document& document, const pipeline::ComponentCatalog& catalog) {
  auto manifest = pipeline::manifest_from_yaml(document.text, document.name);
  if (!manifest) return pipeline::Diagnosis(manifest.error());
  Plan plan{.manifest = std::move(*manifest), .files = {}, .roles = {}, .warnings = {}};
  std::vector<Error> errors;
  for (const pipeline::ManifestStep& step : plan.manifest.steps) {
    auto config = read_file(document.folder / step.cfg_path, k_max_document_bytes);
    Result<void> checked = config ? pipeline::check_step_config(step, *config) : Failure(config.error());
    if (!checked) {
      checked.error().code = ErrorCode::invalid_pipeline;
      errors.push_back(std::move(checked.error()));
      continue;
    }
    plan.files[step.cfg_path] = std::move(*config);
  }
  plan.roles = roles_of(plan.manifest, catalog, errors);
  if (!errors.empty()) return pipeline::Diagnosis(std::move(errors));
  return plan;
}

/// "did you mean 'p.yaml'?", when a file of about that name is in the same folder.
std::string near_file_hint(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::error_code status;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(folder, status), end; !status && entry != end;
       entry.increment(status)) {
    names.push_back(entry->path().filename());
  }
  const auto near = closest_match(path.filename().string(), names);
  return near ? fmt::format("did you mean '{}'?", (path.parent_path() / *near).string()) : "";
}

}  // namespace

Result<Document> read_document(const std::string& path) {
  const bool is_stdin = path == "-";
  auto text = read_file(is_stdin ? "/dev/stdin" : path, k_max_document_bytes);
  if (!text) {
    Error error = std::move(text.error());
    // A wrong path is a mistake on the command line, not one in a pipeline.
    error.code = error.os_errno != 0 ? ErrorCode::usage : ErrorCode::invalid_pipeline;
    if (error.os_errno == ENOENT) error.hint = near_file_hint(path);
    return Failure(std::move(error));
  }
  if (is_stdin) return Document{std::move(*text), "<stdin>", "."};
  return Document{std::move(*text), path, std::filesystem::path(path).parent_path()};
}

pipeline::Diagnosed<Plan> make_plan(const Document& document, const pipeline::ComponentCatalog& catalog,
                                    const pipeline::CompileOptions& options) {
  if (pipeline::is_manifest(document.text)) {
    if (!options.parameters.flags.empty() || !options.parameters.profile.empty()) {
      fail(ErrorCode::usage, fmt::format("'{}' is compiled: its parameters have their values", document.name),
           "give --param and --profile with the pipeline it was compiled from");
    }
    return plan_from_manifest(document, catalog);
  }
  auto compiled = pipeline::compile(document.text, document.name, catalog, options);
  if (!compiled) return pipeline::Diagnosis(compiled.error());
  std::vector<Error> errors;
  auto roles = roles_of(compiled->manifest, catalog, errors);
  if (!errors.empty()) return pipeline::Diagnosis(std::move(errors));
  return Plan{std::move(compiled->manifest), std::move(compiled->files), std::move(roles),
              std::move(compiled->warnings)};
}

std::vector<StepConnection> step_connections(const Plan& plan) {
  std::vector<StepConnection> connections;
  for (const pipeline::ManifestStep& step : plan.manifest.steps) {
    const nlohmann::json config = nlohmann::json::parse(plan.files.at(step.cfg_path));
    const auto connection = config.find("connection");
    if (connection == config.end() || !connection->is_string()) continue;
    if (connection->get_ref<const std::string&>().starts_with('@')) connections.push_back({step.id, *connection});
  }
  return connections;
}

}  // namespace spillway::run
