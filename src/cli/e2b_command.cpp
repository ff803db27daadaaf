#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "e2b/bundle.hpp"
#include "e2b/template.hpp"
#include "util/file.hpp"

namespace spillway::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto k_e2b_help =
    R"(template makes a template of E2B that has this program in it, with the libraries that it needs, so that a run uploads
nothing: e2b.Dockerfile, e2b.toml and the archives that they name, in the folder that --output names. Without --output it
only shows e2b.Dockerfile. With --unpacked the folder gets the files themselves, for spillway sandboxd --template.

Exit codes: 0 made, 1 cannot be written, 2 usage.

Examples:
  spillway e2b template --output template && cd template && e2b template build
  spillway e2b template --output /srv/spillway --unpacked && spillway sandboxd --template spillway=/srv/spillway)";

class E2bCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("ACTION", m_action, "template")->type_name("")->required();
    app.add_option("--output", m_output, "The folder to write to")->type_name("DIR");
    app.add_flag("--unpacked", m_is_unpacked, "Write the files of the bundle, not packed, and no template");
    app.add_flag("--json", m_is_json, "Print what was made as JSON on standard output");
    app.footer(k_e2b_help);
  }

  int execute(Console& console) override {
    if (m_is_json) console.use_json();
    if (m_action != "template") {
      fail(ErrorCode::usage, fmt::format("unknown action '{}' of e2b", m_action), "the action is template");
    }
    if (m_is_unpacked && m_output.empty()) {
      fail(ErrorCode::usage, "missing option '--output'", "--unpacked writes files: --output DIR says where");
    }
    const e2b::Bundle bundle = e2b::make_bundle(e2b::bundle_cache());
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    const auto made = [&](const fs::path& path) {
      files.push_back(path.string());
      if (!console.is_json()) console.data(path.string() + "\n");
    };
    if (m_is_unpacked) {
      e2b::unpack_bundle_to(m_output / bundle.hash);
      made(m_output / bundle.hash);
    } else if (!m_output.empty()) {
      write_template(bundle, made);
    } else if (!console.is_json()) {
      console.data(e2b::template_dockerfile(bundle));
    }
    if (console.is_json()) {
      console.json(
          {{"hash", bundle.hash}, {"dockerfile", e2b::template_dockerfile(bundle)}, {"files", std::move(files)}});
    }
    return 0;
  }

 private:
  template <typename Made>
  void write_template(const e2b::Bundle& bundle, const Made& made) const {
    spillway::create_directories(m_output);
    for (std::size_t part = 0; part < bundle.parts.size(); ++part) {
      const fs::path path = m_output / e2b::template_part_name(part);
      write_file_atomically(path, value_or_throw(read_file(bundle.parts[part].file)), Durability::process);
      made(path);
    }
    write_file_atomically(m_output / e2b::k_toml_name, e2b::template_toml(), Durability::process);
    made(m_output / e2b::k_toml_name);
    write_file_atomically(m_output / e2b::k_dockerfile_name, e2b::template_dockerfile(bundle), Durability::process);
    made(m_output / e2b::k_dockerfile_name);
  }

  std::string m_action;
  fs::path m_output;
  bool m_is_unpacked = false;
  bool m_is_json = false;
};

}  // namespace

std::unique_ptr<Command> make_e2b_command() { return std::make_unique<E2bCommand>(); }

}  // namespace spillway::cli
