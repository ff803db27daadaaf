#include <signal.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "e2b_fixture.hpp"
#include "support/process_tree.hpp"
#include "tls_proxy.hpp"

/// `spillway run --e2b` as its user sees it; that it does what every target does is asked by the parity suite.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class E2bRun : public E2bFixture {
 protected:
  void spill() { m_environment["E2B_FORCE_SPILL"] = "1"; }
};

TEST_F(E2bRun, GuideTheRunInASandbox) {
  const ProcessResult result = run();
  expect_success(m_project, result);
  EXPECT_EQ(output(), k_output);
  EXPECT_EQ(m_project.latest_run().card()["target"], "e2b");
}

TEST_F(E2bRun, FewRequestsAStep) {
  EXPECT_EQ(run().exit_code, 0);
  EXPECT_LE(m_proxy->requests(), 9) << "and none of them for a step";
}

/// As the cloud is reached: TLS, and HTTP/2 where both can.
TEST_F(E2bRun, OverHttp2) {
  if (!no_tls_proxy_reason().empty()) GTEST_SKIP() << no_tls_proxy_reason();
  const TlsProxy tls(m_proxy->port());
  m_environment = {
      {"E2B_API_URL", tls.url()}, {"E2B_SANDBOX_URL", tls.url()}, {"SSL_CERT_FILE", tls.certificate().string()}};
  m_project.write("films.csv",
                  read_text(m_project / "films.csv") + std::string(std::size_t{3} << 20, '\n'));  // in parts
  const ProcessResult result = run();
  expect_success(m_project, result);
  EXPECT_EQ(output(), k_output);
  const std::vector<std::string> requests = tls.requests();
  EXPECT_THAT(requests, ::testing::Contains("h2 POST /sandboxes HTTP/2"));
  EXPECT_THAT(requests, ::testing::Contains("h2 POST /process.Process/Start HTTP/2"));
  EXPECT_THAT(requests, ::testing::Contains(::testing::StartsWith("h2 POST /files?path=")).Times(::testing::Gt(1)));
  EXPECT_THAT(requests, ::testing::Each(::testing::StartsWith("h2 ")));
}

TEST_F(E2bRun, ACertificateThatIsNotTrusted) {
  if (!no_tls_proxy_reason().empty()) GTEST_SKIP() << no_tls_proxy_reason();
  const TlsProxy tls(m_proxy->port());
  m_environment = {{"E2B_API_URL", tls.url()}, {"E2B_SANDBOX_URL", tls.url()}};
  const ProcessResult result = run();
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.err,
            "error: cannot create a sandbox: cannot reach " + tls.url() +
                ": SSL certificate problem: self-signed certificate\n  hint: SSL_CERT_FILE names the file "
                "of the authority that signed the server's certificate\n");
}

TEST_F(E2bRun, FramesStayThereUnlessTheyAreAskedFor) {
  spill();
  EXPECT_EQ(run().exit_code, 0);
  const RunDir without = m_project.latest_run();
  EXPECT_FALSE(fs::exists(without.path() / "artifacts/films/output.parquet"));
  EXPECT_TRUE(without.card()["steps"][0]["spill_used"].get<bool>()) << "the variable reaches the worker";

  EXPECT_EQ(run({"--fetch-frames"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(m_project.latest_run().path() / "artifacts/films/output.parquet"));
  m_environment["E2B_DOWNLOAD_DATA_ARTIFACTS"] = "1";
  EXPECT_EQ(run().exit_code, 0);
  EXPECT_TRUE(fs::exists(m_project.latest_run().path() / "artifacts/films/output.parquet"));
}

TEST_F(E2bRun, AnArtifactThatIsTooLargeStaysThere) {
  m_project.write_pipeline(
      {csv_extractor("films", "films.csv"), processor("many", "SELECT hash(range) AS h FROM df, range(300000)"),
       processor("count", "SELECT count(*) AS n FROM df"), csv_writer("write", "out/stats.csv")});
  spill();
  m_environment["E2B_ARTIFACT_MAX_MB"] = "1";
  EXPECT_EQ(run({"--fetch-frames"}).exit_code, 0);
  const RunDir run_dir = m_project.latest_run();
  const std::vector<Json> kept = run_dir.events("artifact_kept");
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0]["path"], "artifacts/many/output.parquet");
  EXPECT_EQ(kept[0]["limit_bytes"], 1 << 20);
  EXPECT_FALSE(fs::exists(run_dir.path() / "artifacts/many/output.parquet"));
  EXPECT_TRUE(fs::exists(run_dir.path() / "artifacts/films/output.parquet"));
}

TEST_F(E2bRun, NothingOfTheEnvironmentReachesTheWorkerButWhatIsNamed) {
  m_environment = {{"PLANTED_SECRET", "planted-5ecret"}, {"PASSED_ON", "planted-pa55ed"}};
  m_project.write_pipeline(
      {csv_extractor("films", "films.csv"), processor("endless", k_long_sql), csv_writer("write", "out/stats.csv")});
  ProcessOptions options;
  options.environment = environment();
  for (const auto& [name, value] : m_environment) options.environment[name] = value;
  options.directory = m_project.path();
  Process process({spillway_program(), "run", "pipeline.yaml", "--e2b", "--e2b-env", "GIVEN=to the worker",
                   "--e2b-pass-env", "PASSED_ON"},
                  options);
  std::string seen;
  for (int tries = 0; tries < 500 && seen.empty(); ++tries) {
    for (const pid_t pid : descendants(s_host->server().pid())) {
      const std::string environment = proc_file(pid, "environ");
      if (environment.find("GIVEN=") != std::string::npos &&
          proc_file(pid, "cmdline").find("--numbered") != std::string::npos)
        seen = environment;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  process.send_signal(SIGINT);
  process.wait();
  EXPECT_THAT(seen, HasSubstr("GIVEN=to the worker"));
  EXPECT_THAT(seen, HasSubstr("PASSED_ON=planted-pa55ed"));
  EXPECT_THAT(seen, Not(HasSubstr("PLANTED_SECRET")));
  EXPECT_THAT(seen, Not(HasSubstr(SandboxServer::k_key)));
  for (const std::string& file : m_project.files("logs")) {
    EXPECT_THAT(read_text(m_project / "logs" / file), Not(HasSubstr("planted-"))) << file;
    EXPECT_THAT(read_text(m_project / "logs" / file), Not(HasSubstr(SandboxServer::k_key))) << file;
  }
}

TEST_F(E2bRun, ARunThatTakesTooLongIsEnded) {
  m_project.write_pipeline(
      {csv_extractor("films", "films.csv"), processor("endless", k_long_sql), csv_writer("write", "out/stats.csv")});
  const ProcessResult result = run({"--e2b-timeout=4"});
  EXPECT_EQ(result.exit_code, 124) << result.err;
  EXPECT_THAT(result.err, HasSubstr("error: the run took longer than 4 s\n"
                                    "  hint: raise --e2b-timeout, as far as the service's plan allows\n"));
}

TEST_F(E2bRun, WithoutAKey) {
  Project::Environment environment = this->environment();
  environment.erase("E2B_API_KEY");
  const ProcessResult result = m_project.spillway({"run", "pipeline.yaml", "--quiet", "--e2b"}, environment);
  EXPECT_THAT(result.err, HasSubstr("E2B_API_KEY"));
  EXPECT_NE(result.exit_code, 0);
}

TEST_F(E2bRun, AVariableThatIsNotSetCannotBePassedOn) {
  const ProcessResult result = run({"--e2b-pass-env", "NOT_SET_HERE"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("error: cannot pass 'NOT_SET_HERE' on to the sandbox: it is not set\n"
                                    "  hint: set it, or leave out --e2b-pass-env NOT_SET_HERE\n"));
}

}  // namespace
}  // namespace spillway::testing
