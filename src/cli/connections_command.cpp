#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/health_report.hpp"
#include "cli/pipeline_options.hpp"
#include "cli/project.hpp"
#include "config/connection_fields.hpp"
#include "config/redact.hpp"
#include "drivers/inspector.hpp"
#include "run/exit_code.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using nlohmann::ordered_json;

const std::vector<std::string> k_connection_actions{"list", "doctor"};

constexpr auto k_connections_help =
    R"(list shows the connections of spillway_connections.yaml as they are written there, secrets masked: no value is looked up.
doctor connects to each, or to the one that is named, and shows TLS, the server's version, how long a round trip takes and
what the user may do. It changes nothing on the server.

Exit codes: 0 all is well, 2 usage, 4 a connection failed.

Examples:
  spillway connections
  spillway connections doctor @postgres.main
  spillway connections doctor --json | jq '.connections[] | select(.ok | not)')";

class ConnectionsCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("ACTION", m_action, "list or doctor; default list")->type_name("");
    app.add_option("CONNECTION", m_reference, "The connection to look at, as @family.alias; default all")
        ->type_name("");
    m_options.declare_place(app);
    app.footer(k_connections_help);
  }

  int execute(Console& console) override {
    m_options.apply(console);
    if (std::ranges::find(k_connection_actions, m_action) == k_connection_actions.end()) {
      const auto near = closest_match(m_action, k_connection_actions);
      fail(ErrorCode::usage, fmt::format("unknown action '{}' of connections", m_action),
           near ? fmt::format("did you mean '{}'?", *near)
                : fmt::format("the actions are {}", join(k_connection_actions, ", ")));
    }
    const auto project = read_project_connections();
    if (!project) fail_with_all(project.error(), console);
    const std::vector<const config::Connection*> chosen = choose_connections(*project, m_reference);
    return m_action == "list" ? list(chosen, console) : doctor(chosen, console);
  }

 private:
  static std::string reference_of(const config::Connection& connection) {
    return fmt::format("@{}.{}", connection.family, connection.alias);
  }

  /// A reference to a variable is no secret; what is written out may be one.
  static std::string shown_value(const std::string& family, const std::string& key,
                                 const config::Connection::Field& field) {
    const bool is_reference = field.text.starts_with("${") && field.text.find(":-") == std::string::npos;
    if (config::is_secret_field(family, key) && !is_reference) return std::string(config::k_mask);
    return config::Redactor().redact(std::string_view(field.text));
  }

  static int list(const std::vector<const config::Connection*>& connections, const Console& console) {
    ordered_json array = ordered_json::array();
    std::string text;
    for (const config::Connection* connection : connections) {
      ordered_json fields = ordered_json::object();
      std::vector<std::string> shown;
      for (const auto& [key, field] : connection->fields) {
        fields[key] = shown_value(connection->family, key, field);
        shown.push_back(fmt::format("{}: {}", key, shown_value(connection->family, key, field)));
      }
      array.push_back(
          {{"connection", reference_of(*connection)}, {"default", connection->is_default}, {"fields", fields}});
      text += fmt::format("{}{}  {}\n", reference_of(*connection), connection->is_default ? " (default)" : "",
                          join(shown, ", "));
    }
    if (console.is_json()) {
      console.json({{"connections", std::move(array)}});
    } else if (text.empty()) {
      console.message("no connections: write them into spillway_connections.yaml\n");
    } else {
      console.data(text);
    }
    return 0;
  }

  static int doctor(const std::vector<const config::Connection*>& connections, const Console& console) {
    bool all_ok = true;
    ordered_json array = ordered_json::array();
    for (const config::Connection* connection : connections) {
      const auto [checks, secrets] = check(*connection);
      config::Redactor redactor;
      for (const std::string& secret : secrets) redactor.add_secret(secret);
      const bool is_ok = is_healthy(checks);
      all_ok = all_ok && is_ok;
      if (console.is_json()) {
        ordered_json entry{{"connection", reference_of(*connection)}};
        entry.update(health_json(checks, redactor));
        array.push_back(std::move(entry));
      } else {
        console.data(health_text(reference_of(*connection), checks, redactor));
      }
    }
    if (console.is_json()) console.json({{"connections", std::move(array)}});
    return all_ok ? 0 : k_check_failed;
  }

  struct Checked {
    std::vector<drivers::HealthCheck> checks;
    std::vector<std::string> secrets;
  };
  static Checked check(const config::Connection& connection) {
    const drivers::InspectorRegistry inspectors = drivers::builtin_inspectors();
    const auto inspector = inspectors.find(connection.family);
    if (inspector == inspectors.end()) {
      return {
          {{"connect", "",
            make_error(ErrorCode::unsupported, fmt::format("the family {} cannot be looked at", connection.family))}},
          {}};
    }
    auto resolved = resolve_connections({connection});
    if (!resolved) return {{{"values", "", resolved.error().front()}}, {}};
    const CancelToken cancel;
    const drivers::InspectedServer server{resolved->by_reference.at(reference_of(connection)),
                                          std::filesystem::current_path(), cancel};
    return {inspector->second->check(server), resolved->secrets};
  }

  PipelineOptions m_options;
  std::string m_action = "list";
  std::string m_reference;
};

}  // namespace

std::unique_ptr<Command> make_connections_command() { return std::make_unique<ConnectionsCommand>(); }

}  // namespace spillway::cli
