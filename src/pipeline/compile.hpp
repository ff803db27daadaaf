#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/component.hpp"
#include "pipeline/connection_names.hpp"
#include "pipeline/diagnostics.hpp"
#include "pipeline/manifest.hpp"
#include "pipeline/meta_keys.hpp"
#include "pipeline/parameters.hpp"

namespace spillway::pipeline {

struct Compiled {
  Manifest manifest;
  /// cfg/<id>.json -> its text: one flat object of the step's config, defaults filled in, and the meta keys.
  std::map<std::string, std::string> files;
  /// What is suspicious but runs.
  std::vector<Error> warnings;
};

/// What a compilation depends on beside the document and the components, as data.
struct CompileOptions {
  ParameterSources parameters;
  ConnectionNames connections;
};

/// Validates an OML document completely and compiles it. Pure: no file, no network, no clock; the same bytes in, the
/// same bytes out. `file_name` only names the document in errors. Errors have code invalid_pipeline and a location.
Diagnosed<Compiled> compile(std::string_view text, const std::string& file_name, const ComponentCatalog& catalog,
                            const CompileOptions& options = {});

}  // namespace spillway::pipeline
