#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/pipeline_options.hpp"
#include "pipeline/oml_schema.hpp"

namespace spillway::cli {
namespace {

constexpr auto k_schema_help =
    R"(The schema (draft 7) has the config of every component merged in, those of the project's components/ included, so that
an editor completes and checks a pipeline while it is written. validate finds more: it knows how steps fit together.

For an editor with the YAML language server, first line of a pipeline:
  # yaml-language-server: $schema=oml.schema.json

Exit codes: 0 shown, 2 usage, 3 a spec of the project is invalid.

Example:
  spillway schema > oml.schema.json)";

class SchemaCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    m_options.declare_place(app);
    app.get_option("--json")->description("The only format there is; accepted because every command takes it");
    app.footer(k_schema_help);
  }

  int execute(Console& console) override {
    m_options.apply(console);
    const auto catalog = load_catalog(console);
    if (!catalog) return catalog.error();
    console.json(pipeline::oml_schema(*catalog));
    return 0;
  }

 private:
  PipelineOptions m_options;
};

}  // namespace

std::unique_ptr<Command> make_schema_command() { return std::make_unique<SchemaCommand>(); }

}  // namespace spillway::cli
