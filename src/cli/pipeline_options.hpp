#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/console.hpp"
#include "pipeline/compile.hpp"
#include "pipeline/component.hpp"
#include "run/plan.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the name is CLI11's
class App;
}

namespace spillway::cli {

/// What every command that reads a pipeline takes.
struct PipelineOptions {
  std::string pipeline;
  std::string directory;            ///< -C: where to act as if started there; empty for here
  std::vector<std::string> params;  ///< --param name=value
  std::string profile;
  bool is_json = false;

  void declare(CLI::App& app, const char* what);
  /// -C and --json alone.
  void declare_place(CLI::App& app);
  /// Enters the directory and tells the console of --json. Throws ErrorCode::usage.
  void apply(Console& console) const;
  /// What the pipeline is compiled with: --param, --profile, the environment, the project's connections. Throws
  /// ErrorCode::usage.
  pipeline::CompileOptions compile_options(const Console& console) const;
  /// The pipeline's plan, its warnings shown; or, with everything that is wrong with it shown, the exit code.
  tl::expected<run::Plan, int> load(const Console& console, const pipeline::ComponentCatalog& catalog) const;
};

/// The components of the project in the current folder; or, with everything that is wrong with them shown, the exit
/// code.
tl::expected<pipeline::ComponentCatalog, int> load_catalog(const Console& console);

/// Errors and warnings as one array, the errors first: severity, and what run::error_json tells.
nlohmann::ordered_json diagnostics_json(const std::vector<Error>& errors, const std::vector<Error>& warnings);

}  // namespace spillway::cli
