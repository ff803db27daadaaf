#include "e2b_cases.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "support/fault_proxy.hpp"
#include "support/sandbox_server.hpp"
#include "util/file.hpp"

namespace spillway::bench {
namespace fs = std::filesystem;
namespace {

constexpr int k_rows = 84;
constexpr int k_steps = 10;
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

}  // namespace

struct E2bCases::Host {
  explicit Host(const std::vector<std::string>& options) : server(options), proxy(server.port()) {
    proxy.set_delay(k_delay);
  }
  testing::SandboxServer server;
  testing::FaultProxy proxy;
};

std::vector<std::string> e2b_case_names() { return {"e2b-warm", "e2b-cold"}; }

E2bCases::E2bCases(fs::path folder) : m_folder(std::move(folder)), m_pipeline(m_folder / "case_e2b.yaml") {
  spillway::create_directories(m_folder);
  std::string rows = "id,title\n";
  for (int row = 1; row <= k_rows; ++row) rows += fmt::format("{},title {}\n", row, row);
  write_file_atomically(m_folder / "rows_84.csv", rows, Durability::process);
  write_file_atomically(m_pipeline, chain_text(m_folder), Durability::process);
}

E2bCases::~E2bCases() = default;

std::vector<Case> E2bCases::cases() {
  const fs::path bundle = m_folder / "bundle";
  bench::run({{SPILLWAY_BINARY, "e2b", "template", "--unpacked", "--output", bundle.string()}});
  const Host& warm = add_host({"--template=base=" + bundle.string()});
  const Host& cold = add_host({});
  const Contender local{"local", run("local", nullptr)};
  return {{"e2b-warm",
           "ten steps of 84 rows in E2B, 30 ms away, the worker in the template",
           {{"spillway", run("e2b", &warm)}, local}},
          {"e2b-cold",
           "ten steps of 84 rows in E2B, 30 ms away, the worker sent",
           {{"spillway", run("e2b", &cold)}, local}}};
}

E2bCases::Host& E2bCases::add_host(const std::vector<std::string>& options) {
  return *m_hosts.emplace_back(std::make_unique<Host>(options));
}

Command E2bCases::run(const std::string& target, const Host* host) const {
  Command command{{SPILLWAY_BINARY, "run", "--quiet", "--sandbox=" + target, m_pipeline.string()}};
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
