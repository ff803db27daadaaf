#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/lines.hpp"
#include "cli/pipeline_options.hpp"
#include "run/last_compile.hpp"
#include "run/run_card.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"
#include "util/version.hpp"

namespace spillway::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_short_hash_digits = 12;

constexpr auto k_compile_help =
    R"help(Writes manifest.yaml and cfg/ and prints the path of the manifest. The same document makes the same bytes; when it
was compiled, and from which file, is in compile.json beside them.
spillway run --last-compile runs what was compiled last in this folder.

Exit codes: 0 compiled, 1 cannot be written, 2 usage, 3 invalid.

Examples:
  spillway compile pipeline.yaml
  spillway run "$(spillway compile pipeline.yaml)")help";

class CompileCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    m_options.declare(app, "The pipeline document");
    app.add_option("--out", m_out, "Where to write; default build/<pipeline>/<start of the manifest's hash>")
        ->type_name("DIR");
    app.footer(k_compile_help);
  }

  int execute(Console& console) override {
    m_options.apply(console);
    const auto catalog = load_catalog(console);
    if (!catalog) return catalog.error();
    const auto plan = m_options.load(console, *catalog);
    if (!plan) return plan.error();
    const std::string hash = plan->manifest.hash();
    const fs::path folder = m_out.empty()
                                ? fs::path("build") / plan->manifest.pipeline_id / hash.substr(0, k_short_hash_digits)
                                : fs::path(m_out);
    const fs::path manifest = write_plan(*plan, folder);
    write_file_atomically(folder / "compile.json", run::to_file_text(circumstances(hash)), Durability::process);
    run::remember_compile(manifest);
    console.message(
        fmt::format("{}: compiled, {}\n", plan->manifest.pipeline_name, step_count(plan->manifest.steps.size())));
    const std::string shown = (fs::path(m_options.directory) / manifest).string();
    if (!console.is_json()) {
      console.data(shown + "\n");
    } else {
      console.json({{"valid", true},
                    {"exit_code", 0},
                    {"pipeline", plan->manifest.pipeline_name},
                    {"manifest", shown},
                    {"manifest_hash", hash},
                    {"steps_total", plan->manifest.steps.size()},
                    {"diagnostics", diagnostics_json({}, plan->warnings)}});
    }
    return 0;
  }

 private:
  /// What differs from one compilation to the next stands beside the manifest, not in it.
  nlohmann::ordered_json circumstances(const std::string& hash) const {
    return {
        {"compiled_at", now_iso8601()},
        {"source", m_options.pipeline},
        {"profile", m_options.profile.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(m_options.profile)},
        {"manifest_hash", hash},
        {"spillway", k_program_version}};
  }

  /// The manifest last: whoever finds it finds what it names.
  static fs::path write_plan(const run::Plan& plan, const fs::path& folder) {
    for (const auto& [name, text] : plan.files) {
      spillway::create_directories((folder / name).parent_path());
      write_file_atomically(folder / name, text, Durability::process);
    }
    fs::path path = folder / "manifest.yaml";
    spillway::create_directories(folder);
    write_file_atomically(path, plan.manifest.to_yaml(), Durability::process);
    return path;
  }

  PipelineOptions m_options;
  std::string m_out;
};

}  // namespace

std::unique_ptr<Command> make_compile_command() { return std::make_unique<CompileCommand>(); }

}  // namespace spillway::cli
