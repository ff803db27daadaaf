#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/lines.hpp"
#include "cli/pipeline_options.hpp"

namespace spillway::cli {
namespace {

constexpr auto k_validate_help =
    R"(Shows all errors at once, each with its place and what to do about it. Runs nothing and opens nothing.

Exit codes: 0 valid, 2 usage, 3 invalid.

Examples:
  spillway validate pipeline.yaml
  spillway validate pipeline.yaml --json | jq '.diagnostics')";

class ValidateCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    m_options.declare(app, "The pipeline document (or manifest)");
    app.footer(k_validate_help);
  }

  int execute(Console& console) override {
    m_options.apply(console);
    const auto catalog = pipeline::ComponentCatalog::built_in();
    const auto plan = m_options.load(console, catalog);
    if (!plan) return plan.error();
    console.message(
        fmt::format("{}: valid, {}\n", plan->manifest.pipeline_name, step_count(plan->manifest.steps.size())));
    if (console.is_json()) {
      console.json({{"valid", true},
                    {"exit_code", 0},
                    {"pipeline", plan->manifest.pipeline_name},
                    {"manifest_hash", plan->manifest.hash()},
                    {"steps_total", plan->manifest.steps.size()},
                    {"diagnostics", diagnostics_json({}, plan->warnings)}});
    }
    return 0;
  }

 private:
  PipelineOptions m_options;
};

}  // namespace

std::unique_ptr<Command> make_validate_command() { return std::make_unique<ValidateCommand>(); }

}  // namespace spillway::cli
