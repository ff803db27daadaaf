#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/component.hpp"
#include "pipeline/diagnostics.hpp"
#include "pipeline/inputs.hpp"

namespace spillway::pipeline {

struct ManifestStep {
  std::string id;
  std::string driver;  ///< the component's name
  Mode mode = Mode::read;
  std::vector<std::string> needs = {};  ///< ids of steps that stand earlier in the manifest
  std::string cfg_path;                 ///< relative to the manifest: cfg/<id>.json
  std::string cfg_sha256 = {};          ///< of the bytes of that file

  std::vector<StepInput> named_inputs = {};  ///< of a step that names its inputs itself, by key; else empty
  bool is_streamed = false;                  ///< materialize: stream; its rows go to the one step that needs it

  /// The DataFrames that the step is given. An extractor takes none: its needs only order it.
  std::vector<StepInput> inputs() const;
};

/// SHA-256 of everything that a manifest was made from.
struct Fingerprints {
  std::string document;    ///< what it means: comments, order of keys, description, metadata, schedule are left out
  std::string parameters;  ///< their values
  std::string components;  ///< the specs of the components that it uses
  std::string compiler;
};

/// A compiled pipeline: what runs, in an order in which it can run. The same document makes the same bytes.
struct Manifest {
  std::string pipeline_id;  ///< the name, fit for a file name
  std::string pipeline_name;
  Fingerprints fingerprints;
  std::vector<ManifestStep> steps;

  const ManifestStep* find(std::string_view step_id) const;
  /// SHA-256 over everything a run depends on, the step configs included (by their cfg_sha256).
  std::string hash() const;
  std::string to_yaml() const;
  Json to_json() const;
};

/// Reads what to_yaml wrote. An edited manifest is refused (its hash no longer fits), as is one of another version.
Diagnosed<Manifest> manifest_from_yaml(std::string_view yaml, const std::string& file_name);
/// Whether a text is a manifest rather than a pipeline document, so that `run` can take either.
bool is_manifest(std::string_view yaml);
/// Whether `config` holds the bytes that the step was compiled with; says so when it was edited.
Result<void> check_step_config(const ManifestStep& step, std::string_view config);

}  // namespace spillway::pipeline
