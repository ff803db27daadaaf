#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/lines.hpp"
#include "cli/pipeline_options.hpp"
#include "pipeline/fix.hpp"
#include "util/file.hpp"

namespace spillway::cli {
namespace {

constexpr auto k_validate_help =
    R"(Shows all errors at once, each with its code, its place and what to do about it. Runs nothing and opens nothing.
--fix applies the fixes that are safe (misspelt names, missing quotes), shows them as a diff, and then what is left.

Exit codes: 0 valid, 2 usage, 3 invalid.

Examples:
  spillway validate pipeline.yaml
  spillway validate pipeline.yaml --profile prod --param limit=100
  spillway validate pipeline.yaml --fix --dry-run
  spillway validate pipeline.yaml --json | jq '.diagnostics')";

class ValidateCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    m_options.declare(app, "The pipeline document (or manifest)");
    app.add_flag("--fix", m_fix, "Apply the safe fixes to the file and show them as a diff");
    app.add_flag("--dry-run", m_dry_run, "With --fix: show the diff, write nothing");
    app.footer(k_validate_help);
  }

  int execute(Console& console) override {
    m_options.apply(console);
    if (m_dry_run && !m_fix) {
      fail(ErrorCode::usage, "option '--dry-run' goes with '--fix'", "validate without --fix writes nothing");
    }
    const auto catalog = load_catalog(console);
    if (!catalog) return catalog.error();
    if (m_fix) fix(*catalog, console);
    const auto plan = m_options.load(console, *catalog);
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
  /// One fix may uncover what another one mends.
  void fix(const pipeline::ComponentCatalog& catalog, const Console& console) const {
    constexpr int k_rounds = 10;
    if (m_options.pipeline == "-") fail(ErrorCode::usage, "cannot fix '-': standard input is no file");
    run::Document document = value_or_throw(run::read_document(m_options.pipeline));
    const pipeline::CompileOptions options = m_options.compile_options(console);
    const std::string before = document.text;
    for (int round = 0; round < k_rounds; ++round) {
      const auto plan = run::make_plan(document, catalog, options);
      if (plan) break;
      document.text = pipeline::apply_fixes(document.text, plan.error());
    }
    if (document.text == before) return;
    const std::string diff = pipeline::line_diff(before, document.text, document.name);
    // Standard output is for the result when that is JSON.
    console.is_json() ? console.message(diff) : console.data(diff);
    if (!m_dry_run) write_file_atomically(m_options.pipeline, document.text, Durability::machine);
  }

  PipelineOptions m_options;
  bool m_fix = false;
  bool m_dry_run = false;
};

}  // namespace

std::unique_ptr<Command> make_validate_command() { return std::make_unique<ValidateCommand>(); }

}  // namespace spillway::cli
