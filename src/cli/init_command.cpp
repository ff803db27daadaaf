#include <filesystem>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/project_template.hpp"
#include "cli/summary.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto k_init_help =
    R"(Makes a pipeline with sample data, a file for connections and a .gitignore; the pipeline runs as it stands. A file that
is there already is never overwritten: then nothing is made.

Exit codes: 0 made, 1 cannot be written, 2 usage, or files are in the way.

Examples:
  spillway init shop && cd shop && spillway run pipeline.yaml
  spillway init)";

class InitCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("DIR", m_directory, "Where to make it; default the current folder")->type_name("");
    app.add_flag("--json", m_json, "Print what was made as JSON");
    app.footer(k_init_help);
  }

  int execute(Console& console) override {
    if (m_json) console.use_json();
    const fs::path folder = m_directory.empty() ? "." : m_directory;
    refuse_to_overwrite(folder);
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const TemplateFile& file : project_template()) {
      const fs::path path = (folder / file.path).lexically_normal();
      if (path.has_parent_path()) spillway::create_directories(path.parent_path());
      write_file_atomically(path, file.text, Durability::process);
      files.push_back(path.string());
      if (!console.is_json()) console.data(path.string() + "\n");
    }
    std::string next = "spillway run pipeline.yaml";
    if (folder.lexically_normal() != ".") next = fmt::format("cd {} && {}", shell_quoted(folder.string()), next);
    console.message(fmt::format("next: {}\n", next));
    if (console.is_json()) {
      console.json({{"exit_code", 0}, {"directory", folder.string()}, {"files", std::move(files)}, {"next", next}});
    }
    return 0;
  }

 private:
  static void refuse_to_overwrite(const fs::path& folder) {
    std::error_code status;
    if (fs::exists(folder, status) && !fs::is_directory(folder, status)) {
      fail(ErrorCode::usage, fmt::format("cannot make a project in '{}': it is no folder", folder.string()));
    }
    std::vector<std::string> in_the_way;
    for (const TemplateFile& file : project_template()) {
      // A link that leads nowhere is there, too.
      if (fs::exists(fs::symlink_status(folder / file.path, status))) in_the_way.emplace_back(file.path);
    }
    if (in_the_way.empty()) return;
    fail(ErrorCode::usage,
         fmt::format("cannot make a project in '{}': {} {} there already", folder.string(), join(in_the_way, ", "),
                     in_the_way.size() == 1 ? "is" : "are"),
         "choose another folder: spillway init DIR");
  }

  std::string m_directory;
  bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> make_init_command() { return std::make_unique<InitCommand>(); }

}  // namespace spillway::cli
