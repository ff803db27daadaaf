#include "pipeline/compile.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/config_check.hpp"
#include "pipeline/graph.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/oml.hpp"
#include "pipeline/reader.hpp"
#include "pipeline/secret_check.hpp"
#include "pipeline/sql_check.hpp"
#include "pipeline/step_id.hpp"
#include "pipeline/substitution.hpp"
#include "util/sha256.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::string_view k_compiler = "spillway " SPILLWAY_VERSION;

/// A name as a file name: lower case, everything but letters, digits, '_' and '.' joined to single '-'.
std::string id_of(const std::string& name) {
  std::string id;
  for (char c : to_lower(name)) {
    const bool is_kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || (c == '.' && !id.empty());
    if (is_kept) {
      id += c;
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
  }
  while (id.ends_with('-') || id.ends_with('.')) id.pop_back();
  return id.empty() ? "pipeline" : id;
}

std::string cfg_text(const OmlStep& step, Json config) {
  config["component"] = step.component->name;
  config["mode"] = to_string(step.mode);
  return config.dump(2) + "\n";
}

void warn_about_unread(const OmlDocument& document, const Graph& graph, Diagnostics& warnings) {
  for (std::size_t step : unread_steps(document, graph)) {
    const OmlStep& unread = document.steps[step];
    warnings.add(Code::unread_frame, unread.position,
                 fmt::format("unread step '{}': no step reads its DataFrame", unread.id),
                 "add a writer that needs it, or remove it");
  }
}

/// What the document says before parameters are replaced. A mode or a need that is written out means the same as one
/// that follows from the rest.
std::string document_fingerprint(const Json& written, const OmlDocument& document, const Graph& graph) {
  Json steps = Json::array();
  for (std::size_t index : graph.order) {
    const OmlStep& step = document.steps[index];
    Json needs = Json::array();
    for (std::size_t need : graph.needs[index]) needs.push_back(document.steps[need].id);
    Json inputs = Json::object();
    for (const StepInput& input : graph.named_inputs[index]) inputs[input.key] = input.from_step;
    steps.push_back({{"id", step.id},
                     {"component", step.component->name},
                     {"mode", to_string(step.mode)},
                     {"config", written.at("steps").at(index).value("config", Json())},
                     {"needs", std::move(needs)},
                     {"inputs", std::move(inputs)}});
    if (steps.back()["config"].is_null()) steps.back()["config"] = Json::object();
    if (step.is_streamed) steps.back()["materialize"] = "stream";
  }
  const Json meaning{{"name", document.name},
                     {"params", written.value("params", Json())},
                     {"profiles", written.value("profiles", Json())},
                     {"steps", std::move(steps)}};
  return sha256_hex(meaning.dump());
}

std::string parameter_fingerprint(const std::vector<Parameter>& parameters) {
  Json values = Json::object();
  for (const Parameter& parameter : parameters) values[parameter.name] = parameter.value->to_json();
  return sha256_hex(values.dump());
}

std::string component_fingerprint(const OmlDocument& document) {
  Json hashes = Json::object();
  for (const OmlStep& step : document.steps) hashes[step.component->name] = step.component->sha256;
  return sha256_hex(hashes.dump());
}

/// The views of such inputs carry a hash, which nobody guesses.
void warn_about_hashed_inputs(const OmlStep& step, const ManifestStep& compiled, Diagnostics& warnings) {
  const std::vector<StepInput> inputs = compiled.inputs();
  if (inputs.size() < 2) return;
  for (const StepInput& input : inputs) {
    const std::string plain_key = view_names({"df", input.from_step}, 1).back();
    if (input.key == plain_key) continue;
    warnings.add(Code::ambiguous_input, step.position,
                 fmt::format("ambiguous input '{}' of step '{}': another input's name differs from it "
                             "only in characters that SQL does not tell apart",
                             input.from_step, step.id),
                 fmt::format("its view is {}", input.key));
  }
}

}  // namespace

Diagnosed<Compiled> compile(std::string_view text, const std::string& file_name, const ComponentCatalog& catalog,
                            const CompileOptions& options) {
  Diagnostics diagnostics(file_name);
  Diagnostics warnings(file_name);
  std::optional<Node> root = read_document(text, diagnostics);
  if (!root) return Diagnosis(diagnostics.take());
  warnings.set_source(diagnostics.source());
  const Json written = root->to_json();
  const std::vector<Parameter> parameters = read_parameters(*root, options.parameters, diagnostics);
  substitute_parameters(*root, parameters, diagnostics, warnings);
  const OmlDocument document = read_oml(*root, catalog, diagnostics);
  refuse_secrets(*root, document, diagnostics);
  const Graph graph = resolve_graph(document, diagnostics);
  check_sql_inputs(document, graph, diagnostics);
  ConnectionChecker connections(options.connections, diagnostics, warnings);
  ConfigChecker checker(connections, diagnostics);
  std::vector<Json> configs(document.steps.size());
  for (std::size_t i = 0; i < configs.size(); ++i) {
    if (document.steps[i].component != nullptr) configs[i] = checker.check(document.steps[i]);
  }
  if (!diagnostics.empty()) return Diagnosis(diagnostics.take());

  Compiled compiled;
  compiled.manifest.pipeline_id = id_of(document.name);
  compiled.manifest.pipeline_name = document.name;
  compiled.manifest.fingerprints = {document_fingerprint(written, document, graph), parameter_fingerprint(parameters),
                                    component_fingerprint(document), sha256_hex(k_compiler)};
  warn_about_unread(document, graph, warnings);
  for (std::size_t index : graph.order) {
    const OmlStep& step = document.steps[index];
    ManifestStep entry{.id = step.id,
                       .driver = step.component->name,
                       .mode = step.mode,
                       .cfg_path = cfg_path_of(step.id),
                       .named_inputs = graph.named_inputs[index],
                       .is_streamed = step.is_streamed};
    for (std::size_t need : graph.needs[index]) entry.needs.push_back(document.steps[need].id);
    std::string cfg = cfg_text(step, std::move(configs[index]));
    entry.cfg_sha256 = sha256_hex(cfg);
    compiled.files.emplace(entry.cfg_path, std::move(cfg));
    if (entry.named_inputs.empty()) warn_about_hashed_inputs(step, entry, warnings);
    compiled.manifest.steps.push_back(std::move(entry));
  }
  compiled.warnings = warnings.take();
  return compiled;
}

}  // namespace spillway::pipeline
