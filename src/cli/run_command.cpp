#include <cstdlib>
#include <filesystem>
#include <future>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/pipeline_options.hpp"
#include "cli/plan_text.hpp"
#include "cli/progress.hpp"
#include "cli/project.hpp"
#include "cli/setting_options.hpp"
#include "cli/summary.hpp"
#include "config/wipe.hpp"
#include "engine/library.hpp"
#include "run/dead_runs.hpp"
#include "run/last_compile.hpp"
#include "run/run.hpp"
#include "run/run_card.hpp"
#include "run/stop_signals.hpp"
#include "sandbox/bwrap_channel.hpp"
#include "sandbox/channel.hpp"
#include "sandbox/command_channel.hpp"
#include "sandbox/e2b_channel.hpp"
#include "sandbox/process_channel.hpp"

namespace spillway::cli {
namespace {

constexpr auto k_run_help =
    R"(The record of the run is in logs/run_<epoch milliseconds>/, logs/latest is the newest. Standard output carries data only:
what a step writes to "-", or the run card with --json. Progress, summary and errors go to standard error.

With --e2b the worker runs in a sandbox of E2B, or of a host that speaks its protocol (spillway sandboxd): E2B_API_KEY is
the key, and E2B_API_URL, E2B_SANDBOX_URL and E2B_DOMAIN say where. The sandbox is made for the run and deleted with it.

With --sandbox=command, what stands behind -- (or in SPILLWAY_SANDBOX_COMMAND) is the command that starts the worker. It
may lead into a container or to another host: the files that the steps name are sent there, and what they write comes
back.

A flag beats its environment variable, which beats spillway.yaml in the current folder. NO_COLOR, CI and TERM=dumb ask
for plain output. The first Ctrl-C cancels the run and keeps its record; a second one ends the program at once.

Exit codes: 0 all steps succeeded, 1 a step failed, 2 usage, 3 invalid pipeline or manifest, 4 a connection failed its
check, 5 a data check failed, 7 the worker could not be started or died, 124 timeout, 130 interrupted, 143 terminated.

Examples:
  spillway run pipeline.yaml
  spillway run pipeline.yaml --e2b
  spillway run pipeline.yaml --sandbox=command -- docker run -i --rm IMAGE spillway worker
  spillway run pipeline.yaml --force-spill --json | jq '.steps[] | {step_id, spill_paths}'
  spillway compile pipeline.yaml && spillway run --last-compile --memory-limit 512MB)";

/// Loads the engine while the pipeline is read and compiled. What goes wrong here goes wrong again, and is told, when
/// the worker prepares.
std::future<void> preload_engine() {
  return std::async(std::launch::async, [] {
    try {
      engine::load_library();
    } catch (const Exception&) {
    }
  });
}

/// A component that the project describes can be checked and planned with, but nothing here carries it out.
void refuse_without_driver(const run::Plan& plan, const pipeline::ComponentCatalog& catalog) {
  for (const pipeline::ManifestStep& step : plan.manifest.steps) {
    const pipeline::ComponentSpec* spec = catalog.find(step.driver);
    if (spec == nullptr || spec->file.empty()) continue;
    fail(ErrorCode::invalid_pipeline,
         fmt::format("cannot run step '{}': this Spillway has no driver for '{}', which {} describes", step.id,
                     step.driver, spec->file),
         "validate, compile and plan work with it; spillway components lists what can be run");
  }
}

std::unique_ptr<sandbox::Channel> open_channel(const config::Settings& settings, const sandbox::RunPlace& place) {
  switch (settings.target) {
    case config::Target::local:
      return sandbox::open_in_process_channel();
    case config::Target::process:
      return sandbox::open_worker_process(place);
    case config::Target::bwrap:
      return sandbox::open_bwrap_channel(place, settings.sandbox);
    case config::Target::command:
      return sandbox::open_command_channel(place, settings);
    case config::Target::e2b:
      return sandbox::open_e2b_channel(place, settings);
  }
  return nullptr;
}

class RunCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    m_options.declare(app, "The pipeline document or compiled manifest");
    app.get_option("PIPELINE")->required(false);
    app.add_flag("--last-compile", m_last_compile, "Run the manifest that compile wrote last in this folder");
    app.add_flag("--dry-run", m_dry_run, "The same as spillway plan: show what would run");
    app.add_flag("-q,--quiet", m_quiet, "No progress and no summary; errors only");
    app.add_flag("--no-color", m_no_color, "Plain output, as with NO_COLOR");
    m_settings.declare(app);
    app.footer(k_run_help);
  }

  bool take_command(const std::vector<std::string>& words) override {
    m_settings.set_command(words);
    return true;
  }

  int execute(Console& console) override {
    if (m_no_color) console.be_plain();
    m_options.apply(console);
    choose_document();
    const config::Settings settings = m_settings.resolve(console);
    std::optional<std::future<void>> engine;
    const bool needs_engine = settings.target == config::Target::local || settings.target == config::Target::bwrap;
    if (!m_dry_run && needs_engine) engine = preload_engine();
    const auto catalog = load_catalog(console);
    if (!catalog) return catalog.error();
    auto plan = m_options.load(console, *catalog);
    if (!plan) return plan.error();
    if (m_dry_run) {
      show_plan(*plan, settings, *catalog, console);
      return 0;
    }

    run::Request request;
    request.plan = std::move(*plan);
    give_connections(request, console);
    refuse_without_driver(request.plan, *catalog);
    request.settings = settings;
    request.profile = m_options.profile;
    request.target = to_string(settings.target);
    request.base_dir = std::filesystem::current_path();
    hide_passed_variables(request);
    mark_dead_runs(request.base_dir / "logs", console);
    for (std::uint64_t retry = 0;; ++retry) {
      const run::RunOutcome outcome = run_watched(request, console);
      report(outcome, console);
      if (retry == settings.e2b.retries || !run::may_run_again(outcome)) {
        print_card(request, outcome, console);
        return outcome.exit_code;
      }
      if (!m_quiet) {
        console.message(fmt::format("The sandbox was lost before anything was written: running again ({} of {})\n",
                                    retry + 1, settings.e2b.retries));
      }
      give_connections(request, console);
    }
  }

 private:
  /// Each run wipes them.
  static void give_connections(run::Request& request, const Console& console) {
    auto connections = resolve_connections(request.plan);
    if (!connections) fail_with_all(std::move(connections.error()), console);
    request.connections = std::move(connections->by_reference);
    for (std::string& secret : connections->secrets) {
      request.redactor.add_secret(secret);
      config::wipe(secret);
    }
  }

  /// What leaves this environment is no text for the record.
  static void hide_passed_variables(run::Request& request) {
    constexpr std::size_t k_least_secret_bytes = 6;
    for (const std::string& name : request.settings.e2b.passed_variables) {
      const char* value = std::getenv(name.c_str());
      if (value != nullptr && std::string_view(value).size() >= k_least_secret_bytes) {
        request.redactor.add_secret(value);
      }
    }
  }

  void mark_dead_runs(const std::filesystem::path& logs_dir, const Console& console) const {
    const run::DeadRuns dead = run::mark_dead_runs(logs_dir);
    if (m_quiet) return;
    std::vector<Error> warnings = dead.errors;
    for (const std::string& id : dead.marked) {
      warnings.push_back(make_error(
          ErrorCode::crashed, fmt::format("run '{}' did not end by itself: it is now marked as crashed", id),
          fmt::format("logs/{}/artifacts/_system/run_card.json shows how far it came", id)));
    }
    console.warnings(warnings);
  }

  void choose_document() {
    if (m_last_compile && !m_options.pipeline.empty()) {
      fail(ErrorCode::usage,
           fmt::format("cannot run '{}' with --last-compile: it names another manifest", m_options.pipeline),
           "leave one of the two out");
    }
    if (m_last_compile) m_options.pipeline = value_or_throw(run::last_compiled());
    if (m_options.pipeline.empty()) {
      fail(ErrorCode::usage, "missing argument 'PIPELINE'", "spillway run --help shows what it takes");
    }
  }

  run::RunOutcome run_watched(run::Request& request, const Console& console) const {
    ProgressDisplay display(console);
    NoDisplay no_display;
    const run::StopSignals signals;
    const auto open = [&](const sandbox::RunPlace& place) { return open_channel(request.settings, place); };
    return run::execute(request, {.open_channel = open,
                                  .observer = m_quiet ? static_cast<run::Observer&>(no_display) : display,
                                  .stop_signal = run::StopSignals::received});
  }

  void report(const run::RunOutcome& outcome, const Console& console) const {
    if (!m_quiet) {
      console.message(summary(console.terminal(), outcome, m_options.directory));
    } else if (outcome.error) {
      console.message(error_lines(console.terminal(), outcome));
    }
  }

  void print_card(const run::Request& request, const run::RunOutcome& outcome, const Console& console) const {
    if (!console.is_json()) return;
    run::OrderedJson card = request.redactor.redact(run::run_card(outcome));
    card["exit_code"] = outcome.exit_code;
    card["run_dir"] = shown_run_dir(outcome, m_options.directory);
    console.json(card);
  }

  PipelineOptions m_options;
  SettingOptions m_settings;
  bool m_last_compile = false;
  bool m_dry_run = false;
  bool m_quiet = false;
  bool m_no_color = false;
};

}  // namespace

std::unique_ptr<Command> make_run_command() { return std::make_unique<RunCommand>(); }

}  // namespace spillway::cli
