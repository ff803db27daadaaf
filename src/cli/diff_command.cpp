#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/diff_text.hpp"
#include "cli/pipeline_options.hpp"
#include "run/plan_diff.hpp"

namespace spillway::cli {
namespace {

constexpr auto k_diff_help =
    R"(Each of the two is a manifest or a pipeline document, which is compiled first. Shows the steps that were added (+),
removed (-) or changed (~): their driver, mode, needs, inputs, the options of their config with defaults filled in, and
whether they moved. What a document says in other words changes nothing. Values that may be secrets are masked.

Exit codes: 0 shown (with --exit-code: nothing changed), 1 with --exit-code: something changed, 2 usage, 3 invalid.

Examples:
  spillway diff build/movies/0c4ae0a5b7f1/manifest.yaml pipeline.yaml
  git show HEAD:pipeline.yaml | spillway diff - pipeline.yaml --exit-code)";

class DiffCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    m_options.declare(app, "The manifest or pipeline document before");
    app.add_option("PIPELINE_AFTER", m_after, "The one after; - reads standard input")->required()->type_name("");
    app.add_flag("--exit-code", m_exit_code, "Exit with 1 when something changed");
    app.footer(k_diff_help);
  }

  int execute(Console& console) override {
    m_options.apply(console);
    if (m_options.pipeline == "-" && m_after == "-") {
      fail(ErrorCode::usage, "cannot compare '-' with '-': standard input is one document");
    }
    const auto catalog = load_catalog(console);
    if (!catalog) return catalog.error();
    const auto before = m_options.load(console, *catalog);
    if (!before) return before.error();
    PipelineOptions after_options = m_options;
    after_options.pipeline = m_after;
    const auto after = after_options.load(console, *catalog);
    if (!after) return after.error();
    const run::PlanDiff diff = run::diff_plans(*before, *after);
    const int exit_code = m_exit_code && !diff.empty() ? 1 : 0;
    if (console.is_json()) {
      nlohmann::ordered_json json{{"same", diff.empty()}, {"exit_code", exit_code}};
      json.update(diff_json(diff));
      console.json(json);
    } else {
      console.data(diff_text(diff));
    }
    if (diff.empty()) console.message(fmt::format("{}: the same\n", after->manifest.pipeline_name));
    return exit_code;
  }

 private:
  PipelineOptions m_options;
  std::string m_after;
  bool m_exit_code = false;
};

}  // namespace

std::unique_ptr<Command> make_diff_command() { return std::make_unique<DiffCommand>(); }

}  // namespace spillway::cli
