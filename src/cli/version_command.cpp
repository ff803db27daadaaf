#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "engine/library.hpp"
#include "protocol/messages.hpp"
#include "util/version.hpp"

namespace spillway::cli {
namespace {

class VersionCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_flag("--engine", m_engine, "Load the engine and show its version too");
    app.add_flag("--json", m_json, "Print the versions as JSON");
  }

  int execute(Console& console) override {
    if (m_json) console.use_json();
    const std::string engine = m_engine ? engine::library_version() : std::string();
    if (m_json) {
      nlohmann::ordered_json json{
          {"program", "spillway"}, {"version", k_program_version}, {"protocol", protocol::k_version}};
      if (m_engine) json["engine"] = {{"name", "DuckDB"}, {"version", engine}};
      console.json(json);
    } else {
      console.data(fmt::format("spillway {} (protocol {})\n", k_program_version, protocol::k_version));
      if (m_engine) console.data(fmt::format("DuckDB {}\n", engine));
    }
    return 0;
  }

 private:
  bool m_engine = false;
  bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> make_version_command() { return std::make_unique<VersionCommand>(); }

}  // namespace spillway::cli
