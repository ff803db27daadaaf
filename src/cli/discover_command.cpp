#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/pipeline_options.hpp"
#include "cli/project.hpp"
#include "config/redact.hpp"
#include "drivers/inspector.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t k_most_sampled_rows = 1000;

constexpr auto k_discover_help =
    R"(Shows the tables and views that the connection's user sees, with the server's own guess of their rows; with --table one
of them with its columns, types and primary key; with --sample also its first rows. Reads only.

Exit codes: 0 shown, 1 there is no such table, 2 usage, 4 the connection failed.

Examples:
  spillway discover @postgres.main
  spillway discover @postgres.main --table sales.orders --sample 5
  spillway discover @postgres.main --json | jq -r '.tables[] | [.schema, .name] | join(".")')";

class DiscoverCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("CONNECTION", m_reference, "The connection to look into, as @family.alias")
        ->type_name("")
        ->required();
    app.add_option("--table", m_table, "Show this table only, with its columns")->type_name("TABLE");
    app.add_option("--sample", m_sample, "Show the first N rows of the table too")
        ->type_name("N")
        ->check(CLI::Range(std::uint64_t{1}, k_most_sampled_rows));
    m_options.declare_place(app);
    app.footer(k_discover_help);
  }

  int execute(Console& console) override {
    m_options.apply(console);
    if (m_sample != 0 && m_table.empty()) {
      fail(ErrorCode::usage, "option '--sample' needs a table", "add --table NAME");
    }
    std::optional<drivers::sql::TableName> only;
    if (!m_table.empty()) {
      auto parsed = drivers::sql::parse_table_name(m_table);
      if (!parsed) parsed.error().code = ErrorCode::usage;
      only = value_or_throw(std::move(parsed));
    }
    const auto project = read_project_connections();
    if (!project) fail_with_all(project.error(), console);
    if (m_reference.empty())
      fail(ErrorCode::usage, "missing argument 'CONNECTION'", "spillway connections lists them");
    const config::Connection& connection = *choose_connections(*project, m_reference).front();
    const drivers::InspectorRegistry inspectors = drivers::builtin_inspectors();
    const auto inspector = inspectors.find(connection.family);
    if (inspector == inspectors.end()) {
      fail(ErrorCode::usage, fmt::format("cannot look into '{}': no driver of its family can", m_reference));
    }
    auto resolved = resolve_connections({connection});
    if (!resolved) fail_with_all(std::move(resolved.error()), console);
    const CancelToken cancel;
    show(*inspector->second, {resolved->by_reference.at(m_reference), std::filesystem::current_path(), cancel}, only,
         console);
    return 0;
  }

 private:
  void show(const drivers::Inspector& inspector, const drivers::InspectedServer& server,
            const std::optional<drivers::sql::TableName>& only, const Console& console) const {
    const std::vector<drivers::InspectedTable> tables = inspector.tables(server, only);
    if (only && tables.empty()) {
      fail(ErrorCode::sql, fmt::format("there is no table '{}' in '{}'", only->shown(), m_reference),
           fmt::format("spillway discover {} lists them", m_reference));
    }
    std::vector<drivers::SampleRow> sample;
    if (m_sample != 0) sample = inspector.sample(server, tables.front(), m_sample);
    if (console.is_json()) {
      console.json(tables_json(tables, sample));
    } else {
      console.data(only ? table_text(tables.front(), sample) : list_text(tables));
    }
  }

  static std::string rows_text(const drivers::InspectedTable& table) {
    return table.row_estimate ? fmt::format("about {} rows", with_thousands(*table.row_estimate)) : "";
  }

  static std::string list_text(const std::vector<drivers::InspectedTable>& tables) {
    std::string text;
    for (const drivers::InspectedTable& table : tables) {
      text += fmt::format("{}  {}, {} columns{}{}\n", table.name.shown(), table.kind, table.columns.size(),
                          table.row_estimate ? ", " : "", rows_text(table));
    }
    return text;
  }

  static std::string table_text(const drivers::InspectedTable& table, const std::vector<drivers::SampleRow>& sample) {
    std::string text = list_text({table});
    for (const drivers::InspectedColumn& column : table.columns) {
      text += fmt::format("  {}  {}{}{}\n", column.name, column.type, column.is_nullable ? "" : " NOT NULL",
                          column.is_key ? ", primary key" : "");
    }
    std::uint64_t number = 0;
    for (const drivers::SampleRow& row : sample) {
      text += fmt::format("row {}\n", ++number);
      for (std::size_t i = 0; i < row.size(); ++i) {
        text += fmt::format("  {}: {}\n", table.columns[i].name, row[i].value_or("NULL"));
      }
    }
    return text;
  }

  static ordered_json tables_json(const std::vector<drivers::InspectedTable>& tables,
                                  const std::vector<drivers::SampleRow>& sample) {
    ordered_json list = ordered_json::array();
    for (const drivers::InspectedTable& table : tables) {
      ordered_json columns = ordered_json::array();
      for (const drivers::InspectedColumn& column : table.columns) {
        columns.push_back({{"name", column.name},
                           {"type", column.type},
                           {"nullable", column.is_nullable},
                           {"primary_key", column.is_key}});
      }
      ordered_json entry{{"schema", table.name.schema}, {"name", table.name.name}, {"kind", table.kind}};
      entry["row_estimate"] = table.row_estimate ? ordered_json(*table.row_estimate) : ordered_json();
      entry["columns"] = std::move(columns);
      list.push_back(std::move(entry));
    }
    ordered_json document{{"tables", std::move(list)}};
    for (const drivers::SampleRow& row : sample) {
      ordered_json object = ordered_json::object();
      for (std::size_t i = 0; i < row.size(); ++i) {
        object[tables.front().columns[i].name] = row[i] ? ordered_json(*row[i]) : ordered_json();
      }
      document["sample"].push_back(std::move(object));
    }
    return document;
  }

  PipelineOptions m_options;
  std::string m_reference;
  std::string m_table;
  std::uint64_t m_sample = 0;
};

}  // namespace

std::unique_ptr<Command> make_discover_command() { return std::make_unique<DiscoverCommand>(); }

}  // namespace spillway::cli
