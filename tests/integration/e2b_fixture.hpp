#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "e2b_host.hpp"
#include "project.hpp"
#include "sandbox_support.hpp"
#include "support/fault_proxy.hpp"

namespace spillway::testing {

/// Runs of a small pipeline in a sandbox, through a proxy that misbehaves when it is told to. One sandboxd serves all
/// tests of the program; after each no sandbox is left.
class E2bFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (no_bwrap_reason().empty() && !s_host) s_host = std::make_unique<E2bHost>();
  }
  static void TearDownTestSuite() { s_host.reset(); }

  void SetUp() override {
    if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    m_proxy.emplace(s_host->server().port());
    m_project.write("films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n3,Clue,1985\n");
    m_project.write_pipeline(
        {csv_extractor("films", "films.csv"),
         processor("many", "SELECT year, count(*) AS n FROM df, range(2000000) GROUP BY year ORDER BY year"),
         csv_writer("write", "out/stats.csv")});
  }
  void TearDown() override {
    if (!s_host) return;
    EXPECT_EQ(s_host->sandboxes(), 0U) << s_host->server().log();
  }

  Project::Environment environment() const {
    Project::Environment environment = s_host->environment();
    environment["E2B_API_URL"] = m_proxy->url();
    environment["E2B_SANDBOX_URL"] = m_proxy->url();
    for (const auto& [name, value] : m_environment) environment[name] = value;
    return environment;
  }
  ProcessResult run(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"run", "pipeline.yaml", "--quiet", "--e2b"});
    return m_project.spillway(options, environment());
  }

  /// Goes on for hours, in little memory.
  static constexpr auto k_long_sql =
      "SELECT sum(a.range * b.range) AS s FROM df, range(2000000) AS a, range(2000000) AS b";
  /// What stands in the output when the run has done its work.
  static constexpr auto k_output = "year,n\n1979,2000000\n1985,4000000\n";

  std::string output() const {
    return std::filesystem::exists(m_project / "out/stats.csv") ? read_text(m_project / "out/stats.csv") : "";
  }

  /// How many sandboxes were made so far.
  static std::size_t made() {
    const std::string log = s_host->server().log();
    std::size_t count = 0;
    for (std::size_t at = 0; (at = log.find(": made from", at)) != std::string::npos; ++at) ++count;
    return count;
  }

  inline static std::unique_ptr<E2bHost> s_host;
  Project m_project;
  Project::Environment m_environment;  ///< added to a run's
  std::optional<FaultProxy> m_proxy;
};

}  // namespace spillway::testing
