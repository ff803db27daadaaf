#include "e2b_cases.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "e2b/address.hpp"
#include "e2b/control_plane.hpp"
#include "e2b/settings.hpp"
#include "engine/database.hpp"
#include "engine/sql.hpp"
#include "support/fault_proxy.hpp"
#include "support/sandbox_server.hpp"
#include "util/cancel.hpp"
#include "util/error.hpp"
#include "util/file.hpp"

namespace spillway::bench {
namespace fs = std::filesystem;
namespace {

constexpr int k_rows = 84;
constexpr int k_steps = 10;
constexpr auto k_chain = "case_e2b.yaml";
constexpr auto k_large_upload = "case_upload.yaml";
constexpr auto k_small_upload = "case_no_upload.yaml";
constexpr int k_large_rows = 32'768;
constexpr std::chrono::milliseconds k_delay{30};

/// A csv goes through steps that change nothing, each after the one before.
std::string chain_text(const fs::path& folder) {
  std::string text = "oml_version: \"0.1.0\"\nname: case_e2b\nsteps:\n";
  text += fmt::format("  - id: extract\n    component: filesystem.csv_extractor\n    config: {{path: {}}}\n",
                      (folder / "rows_84.csv").string());
  for (int step = 2; step < k_steps; ++step) {
    text += fmt::format(
        "  - id: step-{}\n    component: duckdb.processor\n    config: {{query: \"SELECT * FROM df\"}}\n", step);
  }
  text += fmt::format("  - id: write\n    component: filesystem.csv_writer\n    config: {{path: {}}}\n",
                      (folder / "e2b_out.csv").string());
  return text;
}

/// Two columns: of the large one nothing is read, so that a run of it is nearly all upload.
void generate_parquet(const fs::path& path, int rows) {
  if (fs::exists(path)) return;
  fmt::print(stderr, "generating {} ({} rows)\n", path.string(), rows);
  engine::Database database({});
  AtomicFile file(path, "bench");
  database.connect().execute(
      fmt::format("COPY (SELECT range // 1000 AS id, string_agg(md5(range::VARCHAR), '') AS digits FROM range({}000) "
                  "GROUP BY id ORDER BY id) TO {} (FORMAT parquet, COMPRESSION uncompressed)",
                  rows, engine::quote_literal(file.temp_path().string())));
  file.publish(Durability::process);
}

std::string count_text(const fs::path& input, const fs::path& output) {
  return fmt::format(R"(oml_version: "0.1.0"
name: case_upload
steps:
  - id: extract
    component: filesystem.parquet_extractor
    config: {{path: {}, columns: [id]}}
  - id: count
    component: duckdb.processor
    config: {{query: "SELECT count(*) AS rows FROM df"}}
  - id: write
    component: filesystem.csv_writer
    config: {{path: {}}}
)",
                     input.string(), output.string());
}

}  // namespace

struct E2bCases::Host {
  explicit Host(const std::vector<std::string>& options) : server(options), proxy(server.port()) {
    proxy.set_delay(k_delay);
  }
  testing::SandboxServer server;
  testing::FaultProxy proxy;
};

std::vector<std::string> e2b_case_names() { return {"e2b-warm", "e2b-cold", "e2b-upload"}; }

E2bCases::E2bCases(fs::path folder) : m_folder(std::move(folder)) {
  spillway::create_directories(m_folder);
  std::string rows = "id,title\n";
  for (int row = 1; row <= k_rows; ++row) rows += fmt::format("{},title {}\n", row, row);
  write_file_atomically(m_folder / "rows_84.csv", rows, Durability::process);
  write_file_atomically(m_folder / k_chain, chain_text(m_folder), Durability::process);
  for (const auto& [pipeline, count] : {std::pair{k_large_upload, k_large_rows}, std::pair{k_small_upload, 1}}) {
    const fs::path input = m_folder / fmt::format("digits_{}.parquet", count);
    generate_parquet(input, count);
    write_file_atomically(m_folder / pipeline, count_text(input, m_folder / "e2b_out.csv"), Durability::process);
  }
}

E2bCases::~E2bCases() = default;

std::vector<Case> E2bCases::cases() {
  const fs::path bundle = m_folder / "bundle";
  bench::run({{SPILLWAY_BINARY, "e2b", "template", "--unpacked", "--output", bundle.string()}});
  const Host& warm = add_host({"--template=base=" + bundle.string()});
  const Host& cold = add_host({});
  const Contender local{"local", run("local", nullptr, k_chain)};
  return {{"e2b-warm",
           "ten steps of 84 rows in E2B, 30 ms away, the worker in the template",
           {{"spillway", run("e2b", &warm, k_chain)}, local}},
          {"e2b-cold",
           "ten steps of 84 rows in E2B, 30 ms away, the worker sent",
           {{"spillway", run("e2b", &cold, k_chain)}, local}},
          {"e2b-upload",
           "a file of 1 GB is sent to E2B, 30 ms away",
           {{"spillway", run("e2b", &warm, k_large_upload)},
            {"spillway, a file of 32 KB", run("e2b", &warm, k_small_upload)},
            {"curl", curl(warm)}}}};
}

/// The same bytes to a sandbox that is there.
Command E2bCases::curl(const Host& host) const {
  const e2b::Settings settings{.api_key = e2b::SecretText(testing::SandboxServer::k_key),
                               .domain = {},
                               .api_url = host.proxy.url(),
                               .sandbox_url = host.proxy.url(),
                               .ca_file = {}};
  const CancelToken never;
  const auto sandbox = e2b::ControlPlane(settings, never).create({.life = std::chrono::hours(1)});
  if (!sandbox) fail(sandbox.error().error);
  Command command{{"/usr/bin/curl", "--silent", "--fail", "--request", "POST", "--header", "Expect:", "--header",
                   "Content-Type: application/octet-stream", "--upload-file",
                   (m_folder / fmt::format("digits_{}.parquet", k_large_rows)).string()}};
  for (const std::string& header : e2b::data_plane_headers(*sandbox)) {
    command.arguments.insert(command.arguments.end(), {"--header", header});
  }
  command.arguments.push_back(e2b::data_plane_url(settings, *sandbox) + "/files?path=digits");
  return command;
}

E2bCases::Host& E2bCases::add_host(const std::vector<std::string>& options) {
  return *m_hosts.emplace_back(std::make_unique<Host>(options));
}

Command E2bCases::run(const std::string& target, const Host* host, const std::string& pipeline) const {
  Command command{{SPILLWAY_BINARY, "run", "--quiet", "--sandbox=" + target, (m_folder / pipeline).string()}};
  command.directory = m_folder;
  command.removed_before = {m_folder / "logs", m_folder / "e2b_out.csv"};
  if (host != nullptr) {
    command.environment = {{"E2B_API_KEY", testing::SandboxServer::k_key},
                           {"E2B_API_URL", host->proxy.url()},
                           {"E2B_SANDBOX_URL", host->proxy.url()}};
  }
  return command;
}

}  // namespace spillway::bench
