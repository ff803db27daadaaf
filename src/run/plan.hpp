#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/compile.hpp"
#include "pipeline/component.hpp"
#include "pipeline/diagnostics.hpp"
#include "pipeline/manifest.hpp"

namespace spillway::run {

/// A pipeline document or a manifest as bytes, and what it is called in errors.
struct Document {
  std::string text;
  std::string name;
  std::filesystem::path folder;  ///< where a manifest's cfg/ is
};

/// Everything a run needs to know of its pipeline: the manifest, the text of each step config, each step's role.
struct Plan {
  pipeline::Manifest manifest;
  std::map<std::string, std::string> files;  ///< cfg/<id>.json -> its bytes
  std::map<std::string, pipeline::Role> roles;
  std::vector<Error> warnings;
};

/// What each step connects to, as its config says ("@postgres.main"), in the manifest's order; steps that connect to
/// nothing are left out.
struct StepConnection {
  std::string step_id;
  std::string reference;
};
std::vector<StepConnection> step_connections(const Plan& plan);

/// Reads the document at `path`, "-" being standard input.
Result<Document> read_document(const std::string& path);
/// Compiles a pipeline document, or reads a compiled manifest with its step configs, which must be as they were
/// compiled.
pipeline::Diagnosed<Plan> make_plan(const Document& document, const pipeline::ComponentCatalog& catalog,
                                    const pipeline::CompileOptions& options = {});

}  // namespace spillway::run
