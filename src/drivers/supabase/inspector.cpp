#include "drivers/supabase/inspector.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "drivers/supabase/channel.hpp"
#include "drivers/supabase/rest_client.hpp"
#include "drivers/supabase/table_description.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::supabase {
namespace {

constexpr int k_rest_rounds = 5;

InspectedServer postgres_server(const InspectedServer& server) {
  InspectedServer postgres = server;
  become_postgres(postgres.fields);
  return postgres;
}

RestClient rest_client(const InspectedServer& server) {
  choose_channel({{"channel", "auto"}}, server.fields);
  return {server.fields, server.base_dir, server.cancel};
}

sql::TableName schema_of(const InspectedServer& server) { return {server.fields.value("schema", ""), ""}; }

std::string rest_latency(RestClient& client, const DescribedTable& table) {
  RestRequest request;
  request.table.name = table.name;
  request.query = {{"limit", "0"}};
  std::vector<double> rounds;
  for (int i = 0; i < k_rest_rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    client.send(request);
    rounds.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(rounds);
  return fmt::format("{:.1f} ms a round trip", rounds[rounds.size() / 2]);
}

}  // namespace

std::vector<HealthCheck> SupabaseInspector::check(const InspectedServer& server) const {
  if (has_dsn(server.fields)) return m_postgres->check(postgres_server(server));
  std::vector<HealthCheck> checks;
  const auto add = [&](std::string name, std::string detail) {
    checks.push_back({std::move(name), std::move(detail), std::nullopt});
  };
  try {
    RestClient client = rest_client(server);
    // An answer of 2xx: the server was reached, its certificate trusted and the key taken.
    const std::vector<DescribedTable> tables = describe_tables(client, schema_of(server));
    const std::string url = rest_url(server.fields);
    add("connect", fmt::format("to {}, which took the key", url));
    add("tls", url.starts_with("https:") ? "verified" : "none");
    add("tables", fmt::format("REST shows {}", tables.size()));
    if (!tables.empty()) add("latency", rest_latency(client, tables.front()));
  } catch (const Exception& exception) {
    checks.push_back({checks.empty() ? "connect" : "query", "", exception.error()});
  }
  return checks;
}

std::vector<InspectedTable> SupabaseInspector::tables(const InspectedServer& server,
                                                      const std::optional<sql::TableName>& only) const {
  if (has_dsn(server.fields)) return m_postgres->tables(postgres_server(server), only);
  RestClient client = rest_client(server);
  const sql::TableName schema = only && !only->schema.empty() ? *only : schema_of(server);
  std::vector<InspectedTable> tables;
  for (const DescribedTable& described : describe_tables(client, schema)) {
    if (only && only->name != described.name) continue;
    InspectedTable& table = tables.emplace_back();
    table.name = {schema.schema, described.name};
    table.kind = "table or view";
    for (const DescribedColumn& column : described.columns) {
      table.columns.push_back({column.name, column.type, column.is_nullable, column.is_key});
    }
  }
  return tables;
}

std::vector<SampleRow> SupabaseInspector::sample(const InspectedServer& server, const InspectedTable& table,
                                                 std::uint64_t rows) const {
  if (has_dsn(server.fields)) return m_postgres->sample(postgres_server(server), table, rows);
  RestClient client = rest_client(server);
  RestRequest request;
  request.table = table.name;
  std::vector<std::string> select;
  for (const InspectedColumn& column : table.columns) {
    select.push_back(fmt::format("c{}:{}::text", select.size(), rest_name(column.name)));
  }
  request.query = {{"select", join(select, ",")}, {"limit", std::to_string(rows)}};
  std::vector<SampleRow> sample;
  for (const nlohmann::json& row : nlohmann::json::parse(client.send(request).body)) {
    SampleRow& texts = sample.emplace_back();
    for (std::size_t i = 0; i < select.size(); ++i) {
      const nlohmann::json& cell = row.at(fmt::format("c{}", i));
      texts.push_back(cell.is_null() ? std::nullopt : std::optional(cell.get<std::string>()));
    }
  }
  return sample;
}

}  // namespace spillway::drivers::supabase
