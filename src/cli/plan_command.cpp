#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "cli/pipeline_options.hpp"
#include "cli/plan_text.hpp"
#include "cli/setting_options.hpp"

namespace spillway::cli {
namespace {

constexpr auto k_plan_help =
    R"(Shows the steps as a tree, each below the last step that it needs: driver, mode, inputs, the files and connections
that it touches, and what is destructive: targets that a run would replace. Runs, opens and writes nothing; whether a
target exists is looked up. The same as run --dry-run.

Exit codes: 0 shown, 2 usage, 3 invalid.

Examples:
  spillway plan pipeline.yaml
  spillway plan pipeline.yaml --json | jq '.destructive')";

class PlanCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    m_options.declare(app, "The pipeline document or compiled manifest");
    m_settings.declare(app);
    app.footer(k_plan_help);
  }

  bool take_command(const std::vector<std::string>& words) override {
    m_settings.set_command(words);
    return true;
  }

  int execute(Console& console) override {
    m_options.apply(console);
    const config::Settings settings = m_settings.resolve(console);
    const auto catalog = load_catalog(console);
    if (!catalog) return catalog.error();
    const auto plan = m_options.load(console, *catalog);
    if (!plan) return plan.error();
    show_plan(*plan, settings, *catalog, console);
    return 0;
  }

 private:
  PipelineOptions m_options;
  SettingOptions m_settings;
};

}  // namespace

std::unique_ptr<Command> make_plan_command() { return std::make_unique<PlanCommand>(); }

}  // namespace spillway::cli
