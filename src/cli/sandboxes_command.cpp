#include <algorithm>
#include <chrono>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "e2b/control_plane.hpp"
#include "e2b/owner.hpp"
#include "e2b/settings.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using nlohmann::ordered_json;

const std::vector<std::string> k_sandbox_actions{"list", "clean"};
constexpr std::chrono::minutes k_sandboxes_time{5};

constexpr auto k_sandboxes_help =
    R"(list shows the sandboxes that runs have on E2B, or on the host that E2B_API_URL names: by the key's team, whoever made them.
clean deletes those whose run is gone from this machine, and with --all every one. A run deletes its own sandbox, and
a host those whose run was killed, after some minutes: it is seldom needed.

Exit codes: 0 done, 2 usage, or no key, 7 the host refused or cannot be reached.

Examples:
  spillway sandboxes
  spillway sandboxes list --json | jq '.sandboxes[] | select(.owner == "gone")'
  spillway sandboxes clean)";

std::string_view name_of(e2b::Owner owner) {
  switch (owner) {
    case e2b::Owner::runs:
      return "running here";
    case e2b::Owner::gone:
      return "gone";
    case e2b::Owner::elsewhere:
      break;
  }
  return "elsewhere";
}

class SandboxesCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("ACTION", m_action, "list or clean; default list")->type_name("");
    app.add_flag("--all", m_is_all, "Delete also those whose runs go on");
    app.add_flag("--json", m_is_json, "Print the result as JSON on standard output");
    app.footer(k_sandboxes_help);
  }

  int execute(Console& console) override {
    if (m_is_json) console.use_json();
    check_usage();
    const CancelToken limit(k_sandboxes_time);
    e2b::ControlPlane control(value_or_throw(e2b::read_settings()), limit);
    auto found = control.list({{e2b::k_kind_key, e2b::k_kind}});
    if (!found) fail(std::move(found.error().error));
    std::ranges::sort(*found, {}, &e2b::SandboxInfo::started_at);
    return m_action == "list" ? list(*found, console) : clean(*found, control, console);
  }

 private:
  void check_usage() const {
    if (std::ranges::find(k_sandbox_actions, m_action) == k_sandbox_actions.end()) {
      const auto near = closest_match(m_action, k_sandbox_actions);
      fail(ErrorCode::usage, fmt::format("unknown action '{}' of sandboxes", m_action),
           near ? fmt::format("did you mean '{}'?", *near)
                : fmt::format("the actions are {}", join(k_sandbox_actions, ", ")));
    }
    if (m_is_all && m_action != "clean") {
      fail(ErrorCode::usage, "unexpected option '--all'", "list shows all anyway; clean takes it");
    }
  }

  static std::string session_of(const e2b::SandboxInfo& sandbox) {
    const auto found = sandbox.metadata.find(e2b::k_session_key);
    return to_valid_utf8(found == sandbox.metadata.end() ? "" : found->second);
  }

  static ordered_json described(const e2b::SandboxInfo& sandbox) {
    const auto host = sandbox.metadata.find(e2b::k_host_key);
    return {{"sandbox_id", sandbox.id},
            {"session_id", session_of(sandbox)},
            {"owner", name_of(e2b::owner_of(sandbox.metadata))},
            {"host", host == sandbox.metadata.end() ? "" : to_valid_utf8(host->second)},
            {"state", sandbox.state},
            {"template", sandbox.alias.empty() ? sandbox.template_id : sandbox.alias},
            {"started_at", sandbox.started_at},
            {"ends_at", sandbox.ends_at},
            {"cpus", sandbox.cpus},
            {"memory_mib", sandbox.memory_mib}};
  }

  static int list(const std::vector<e2b::SandboxInfo>& sandboxes, const Console& console) {
    ordered_json array = ordered_json::array();
    std::string text;
    for (const e2b::SandboxInfo& one : sandboxes) {
      text +=
          fmt::format("{}  {}  {}  started {}  ends {}  {} CPUs, {} MiB\n", one.id, session_of(one),
                      name_of(e2b::owner_of(one.metadata)), one.started_at, one.ends_at, one.cpus, one.memory_mib);
      array.push_back(described(one));
    }
    if (console.is_json()) {
      console.json({{"sandboxes", std::move(array)}});
    } else if (text.empty()) {
      console.message("no sandboxes of runs\n");
    } else {
      console.data(to_valid_utf8(text));
    }
    return 0;
  }

  int clean(const std::vector<e2b::SandboxInfo>& sandboxes, e2b::ControlPlane& control,
            const Console& console) const {
    ordered_json array = ordered_json::array();
    std::size_t kept = 0;
    for (const e2b::SandboxInfo& one : sandboxes) {
      if (!m_is_all && e2b::owner_of(one.metadata) != e2b::Owner::gone) {
        ++kept;
        continue;
      }
      auto removed = control.remove(one.id);
      if (!removed) fail(std::move(removed.error().error));
      if (!console.is_json()) console.data(to_valid_utf8(fmt::format("deleted {}  {}\n", one.id, session_of(one))));
      array.push_back(described(one));
    }
    if (console.is_json()) {
      console.json({{"deleted", std::move(array)}, {"kept", kept}});
    } else if (kept > 0) {
      console.message(fmt::format("kept {} whose runs are not known to be gone; --all deletes them too\n", kept));
    } else if (array.empty()) {
      console.message("no sandboxes of runs\n");
    }
    return 0;
  }

  std::string m_action = "list";
  bool m_is_all = false;
  bool m_is_json = false;
};

}  // namespace

std::unique_ptr<Command> make_sandboxes_command() { return std::make_unique<SandboxesCommand>(); }

}  // namespace spillway::cli
