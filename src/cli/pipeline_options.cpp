#include "cli/pipeline_options.hpp"

#include <filesystem>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/project.hpp"
#include "run/exit_code.hpp"
#include "run/project_catalog.hpp"
#include "run/run_card.hpp"

namespace spillway::cli {
namespace {

/// Shows everything that is wrong with `document`; returns the exit code.
int show_invalid(const Console& console, const std::vector<Error>& errors, const std::string& document) {
  const int exit_code = run::exit_code(run::Phase::command, ErrorCode::invalid_pipeline);
  console.errors(errors);
  console.message(fmt::format("{} error{} in {}\n", errors.size(), errors.size() == 1 ? "" : "s", document));
  if (console.is_json()) {
    console.json({{"valid", false}, {"exit_code", exit_code}, {"diagnostics", diagnostics_json(errors, {})}});
  }
  return exit_code;
}

}  // namespace

using nlohmann::ordered_json;

void PipelineOptions::declare(CLI::App& app, const char* what) {
  app.add_option("PIPELINE", pipeline, fmt::format("{}; - reads standard input", what))->required()->type_name("");
  declare_place(app);
  app.add_option("--param", params, "Give a parameter its value; may be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->take_all();
  app.add_option("--profile", profile, "Use the parameters of this profile")->type_name("NAME");
}

void PipelineOptions::declare_place(CLI::App& app) {
  app.add_option("-C,--directory", directory, "Act as if started in this folder")->type_name("DIR");
  app.add_flag("--json", is_json, "Print the result as JSON on standard output");
}

void PipelineOptions::apply(Console& console) const {
  if (is_json) console.use_json();
  if (directory.empty()) return;
  std::error_code status;
  std::filesystem::current_path(directory, status);
  if (!status) return;
  Error error = os_error(status.value(), fmt::format("cannot enter the folder '{}'", directory));
  error.code = ErrorCode::usage;
  fail(std::move(error));
}

pipeline::CompileOptions PipelineOptions::compile_options(const Console& console) const {
  pipeline::CompileOptions options;
  options.parameters = {.flags = {}, .environment = parameter_variables(), .profile = profile};
  for (const std::string& param : params) {
    const std::size_t equals = param.find('=');
    // What was meant as a value is not shown: it may be a secret.
    if (equals == 0 || equals == std::string::npos) {
      fail(ErrorCode::usage, "invalid --param: it is no NAME=VALUE", "write e.g. --param limit=100");
    }
    const auto [known, is_new] = options.parameters.flags.emplace(param.substr(0, equals), param.substr(equals + 1));
    if (!is_new) fail(ErrorCode::usage, fmt::format("--param '{}' is given more than once", known->first));
  }
  auto connections = read_project_connections();
  if (!connections) fail_with_all(std::move(connections.error()), console);
  options.connections = connections->names();
  return options;
}

tl::expected<run::Plan, int> PipelineOptions::load(const Console& console,
                                                   const pipeline::ComponentCatalog& catalog) const {
  const run::Document document = value_or_throw(run::read_document(pipeline));
  auto plan = run::make_plan(document, catalog, compile_options(console));
  if (plan) {
    console.warnings(plan->warnings);
    return std::move(*plan);
  }
  return tl::unexpected(show_invalid(console, plan.error(), document.name));
}

tl::expected<pipeline::ComponentCatalog, int> load_catalog(const Console& console) {
  auto catalog = run::project_catalog();
  if (catalog) return std::move(*catalog);
  return tl::unexpected(show_invalid(console, catalog.error(), "components"));
}

ordered_json diagnostics_json(const std::vector<Error>& errors, const std::vector<Error>& warnings) {
  ordered_json list = ordered_json::array();
  const auto add = [&list](const Error& error, const char* severity) {
    ordered_json entry{{"severity", severity}};
    entry.update(run::error_json(error));
    list.push_back(std::move(entry));
  };
  for (const Error& error : errors) add(error, "error");
  for (const Error& warning : warnings) add(warning, "warning");
  return list;
}

}  // namespace spillway::cli
