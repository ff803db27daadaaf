#include "pipeline/manifest.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "pipeline/reader.hpp"
#include "pipeline/step_id.hpp"
#include "util/sha256.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::int64_t k_manifest_version = 1;
constexpr std::string_view k_version_key = "manifest_version";
constexpr std::string_view k_stream = "stream";

Json step_json(const ManifestStep& step) {
  Json json{{"id", step.id},       {"driver", step.driver},     {"mode", to_string(step.mode)},
            {"needs", step.needs}, {"cfg_path", step.cfg_path}, {"cfg_sha256", step.cfg_sha256}};
  for (const StepInput& input : step.named_inputs) json["inputs"][input.key] = input.from_step;
  if (step.is_streamed) json["materialize"] = k_stream;
  return json;
}

/// In the order in which the manifest shows them.
template <typename Prints>
auto named_fingerprints(Prints& prints) {
  using Field = std::pair<const char*, decltype(&prints.compiler)>;
  return std::array<Field, 4>{{{"compiler", &prints.compiler},
                               {"components", &prints.components},
                               {"document", &prints.document},
                               {"parameters", &prints.parameters}}};
}

/// What the hash is taken of: everything but the hash.
Json content_json(const Manifest& manifest) {
  Json steps = Json::array();
  for (const ManifestStep& step : manifest.steps) steps.push_back(step_json(step));
  Json fingerprints;
  for (const auto& [name, hash] : named_fingerprints(manifest.fingerprints)) fingerprints[name] = *hash;
  return {{k_version_key, k_manifest_version},
          {"fingerprints", std::move(fingerprints)},
          {"pipeline", {{"id", manifest.pipeline_id}, {"name", manifest.pipeline_name}}},
          {"steps", std::move(steps)}};
}

/// A string as YAML: plain where that is safe beyond doubt, else in double quotes with JSON's escapes, which are
/// YAML's.
std::string yaml_string(const std::string& text) {
  const bool is_safe = !text.empty() && text.find_first_not_of(
                                            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "abcdefghijklmnopqrstuvwxyz_./-") == std::string::npos;
  if (is_safe && text[0] != '-' && text[0] != '.' && plain_scalar_kind(text) == NodeKind::string) return text;
  return Json(text).dump();
}

std::string yaml_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + yaml_string(text);
  return fmt::format("[{}]", list);
}

std::string yaml_map(const std::vector<StepInput>& inputs) {
  std::string map;
  for (const StepInput& input : inputs) {
    map += fmt::format("{}{}: {}", map.empty() ? "" : ", ", yaml_string(input.key), yaml_string(input.from_step));
  }
  return fmt::format("{{{}}}", map);
}

/// Reads a manifest's tree; the first thing that is no manifest goes to the diagnostics.
class ManifestReader {
 public:
  explicit ManifestReader(Diagnostics& diagnostics) : m_diagnostics(diagnostics) {}

  Manifest read(const Node& root) {
    Manifest manifest;
    if (const Node* pipeline = field(root, "pipeline", NodeKind::map)) {
      manifest.pipeline_id = text(*pipeline, "id");
      manifest.pipeline_name = text(*pipeline, "name");
    }
    if (const Node* fingerprints = field(root, "fingerprints", NodeKind::map)) {
      for (const auto& [name, hash] : named_fingerprints(manifest.fingerprints)) *hash = text(*fingerprints, name);
    }
    if (const Node* steps = field(root, "steps", NodeKind::list)) {
      for (const Node& step : steps->items) manifest.steps.push_back(read_step(step));
    }
    return manifest;
  }

  void check_version(const Node& root) {
    const Node* version = field(root, k_version_key, NodeKind::integer);
    if (version == nullptr || version->to_json() == k_manifest_version) return;
    m_diagnostics.add(Code::unsupported_manifest, version->position,
                      fmt::format("unsupported manifest_version '{}': this Spillway reads version {}", version->text,
                                  k_manifest_version),
                      "compile the pipeline again");
  }

  std::string text(const Node& map, std::string_view key) {
    const Node* value = field(map, key, NodeKind::string);
    return value == nullptr ? "" : value->text;
  }

 private:
  const Node* field(const Node& map, std::string_view key, NodeKind kind) {
    const MapEntry* entry = map.kind == NodeKind::map ? map.find(key) : nullptr;
    if (entry != nullptr && entry->value.kind == kind) return &entry->value;
    m_diagnostics.add(Code::invalid_manifest, entry == nullptr ? map.position : entry->value.position,
                      fmt::format("invalid manifest: '{}' must be {}", key, with_article(kind)),
                      "compile the pipeline again");
    return nullptr;
  }

  ManifestStep read_step(const Node& node) {
    ManifestStep step;
    step.id = text(node, "id");
    step.driver = text(node, "driver");
    step.cfg_path = text(node, "cfg_path");
    step.cfg_sha256 = text(node, "cfg_sha256");
    if (const auto mode = mode_from_string(text(node, "mode"))) {
      step.mode = *mode;
    } else {
      m_diagnostics.add(Code::invalid_manifest, node.position,
                        fmt::format("invalid manifest: step '{}' has no known mode", step.id));
    }
    if (const Node* needs = field(node, "needs", NodeKind::list)) {
      for (const Node& need : needs->items) step.needs.push_back(need.text);
    }
    if (node.find("inputs") != nullptr) read_inputs(node, step);
    if (node.find("materialize") != nullptr) step.is_streamed = text(node, "materialize") == k_stream;
    check_step(node.position, step);
    return step;
  }

  void read_inputs(const Node& node, ManifestStep& step) {
    const Node* inputs = field(node, "inputs", NodeKind::map);
    if (inputs == nullptr) return;
    for (const MapEntry& input : inputs->entries) {
      if (std::ranges::find(step.needs, input.value.text) == step.needs.end()) {
        m_diagnostics.add(
            Code::invalid_manifest, input.value.position,
            fmt::format("invalid manifest: input '{}' of step '{}' is none of its needs", input.key, step.id));
      }
      step.named_inputs.push_back({input.key, input.value.text});
    }
    std::ranges::sort(step.named_inputs, {}, &StepInput::key);
  }

  /// Whoever edits a manifest can also compute its hash: what a run relies on is checked by itself.
  void check_step(Position position, const ManifestStep& step) {
    const bool needs_known = std::ranges::all_of(step.needs, [&](const auto& need) { return m_ids.contains(need); });
    if (!needs_known) {
      m_diagnostics.add(Code::invalid_manifest, position,
                        fmt::format("invalid manifest: a need of step '{}' is no earlier step", step.id));
    }
    if (!m_ids.insert(step.id).second) {
      m_diagnostics.add(Code::invalid_manifest, position,
                        fmt::format("invalid manifest: two steps have the id '{}'", step.id));
    }
    if (!step_id_problem(step.id).empty() || step.cfg_path != cfg_path_of(step.id)) {
      m_diagnostics.add(Code::invalid_manifest, position,
                        fmt::format("invalid manifest: id '{}' with cfg_path '{}'", step.id, step.cfg_path));
    }
  }

  Diagnostics& m_diagnostics;
  std::unordered_set<std::string> m_ids;
};

}  // namespace

std::vector<StepInput> ManifestStep::inputs() const {
  if (!named_inputs.empty()) return named_inputs;
  return mode == Mode::read ? std::vector<StepInput>{} : step_inputs(needs);
}

const ManifestStep* Manifest::find(std::string_view step_id) const {
  const auto step = std::ranges::find(steps, step_id, &ManifestStep::id);
  return step == steps.end() ? nullptr : &*step;
}

std::string Manifest::hash() const { return sha256_hex(content_json(*this).dump()); }

Json Manifest::to_json() const {
  Json json = content_json(*this);
  json["manifest_hash"] = hash();
  return json;
}

std::string Manifest::to_yaml() const {
  std::string yaml = fmt::format("{}: {}\nmanifest_hash: {}\nfingerprints:\n", k_version_key, k_manifest_version,
                                 yaml_string(hash()));
  for (const auto& [name, print] : named_fingerprints(fingerprints)) {
    yaml += fmt::format("  {}: {}\n", name, yaml_string(*print));
  }
  yaml +=
      fmt::format("pipeline:\n  id: {}\n  name: {}\nsteps:\n", yaml_string(pipeline_id), yaml_string(pipeline_name));
  for (const ManifestStep& step : steps) {
    yaml += fmt::format("- id: {}\n  driver: {}\n  mode: {}\n  needs: {}\n", yaml_string(step.id),
                        yaml_string(step.driver), to_string(step.mode), yaml_list(step.needs));
    if (!step.named_inputs.empty()) yaml += fmt::format("  inputs: {}\n", yaml_map(step.named_inputs));
    if (step.is_streamed) yaml += fmt::format("  materialize: {}\n", k_stream);
    yaml +=
        fmt::format("  cfg_path: {}\n  cfg_sha256: {}\n", yaml_string(step.cfg_path), yaml_string(step.cfg_sha256));
  }
  return yaml;
}

Diagnosed<Manifest> manifest_from_yaml(std::string_view yaml, const std::string& file_name) {
  Diagnostics diagnostics(file_name);
  const std::optional<Node> root = read_document(yaml, diagnostics);
  if (!root) return Diagnosis(diagnostics.take());
  ManifestReader reader(diagnostics);
  reader.check_version(*root);
  if (!diagnostics.empty()) return Diagnosis(diagnostics.take());
  Manifest manifest = reader.read(*root);
  const std::string recorded = reader.text(*root, "manifest_hash");
  if (diagnostics.empty() && recorded != manifest.hash()) {
    diagnostics.add(Code::edited_manifest, root->position,
                    fmt::format("edited manifest '{}': its content no longer has the hash {}", file_name, recorded),
                    "edit the pipeline and compile it again");
  }
  if (!diagnostics.empty()) return Diagnosis(diagnostics.take());
  return manifest;
}

bool is_manifest(std::string_view yaml) {
  return yaml.starts_with(k_version_key) || yaml.find(fmt::format("\n{}:", k_version_key)) != std::string_view::npos;
}

Result<void> check_step_config(const ManifestStep& step, std::string_view config) {
  if (sha256_hex(config) == step.cfg_sha256) return {};
  Error error = make_error(
      ErrorCode::invalid_pipeline,
      fmt::format("edited step config '{}': it is not what step '{}' was compiled with", step.cfg_path, step.id),
      "edit the pipeline and compile it again");
  error.id = id_of(Code::edited_manifest);
  return Failure(std::move(error));
}

}  // namespace spillway::pipeline
