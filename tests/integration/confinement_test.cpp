#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"
#include "sandbox_support.hpp"

/// A step's SQL reads what its pipeline names and writes nothing, without a sandbox and in one. The secrets here are
/// planted, and so are the files that it must not reach: each of them is there to be read.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto k_secret = "planted-5ecret-7f3a";

class Confinement : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string_view("bwrap") && !no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    m_project.write("films.csv", "id,title\n1,Alien\n");
    m_project.write("payroll.csv", std::string("name,note\nsomebody,") + k_secret + "\n");
    m_project.write("home/.ssh/id_ed25519", k_secret);
  }

  ProcessResult run_query(const std::string& query) {
    m_project.write_pipeline({csv_extractor("extract-films", "films.csv"), processor("compute-stats", query),
                              csv_writer("write-stats", "out/stats.csv")});
    return m_project.run(
        {{"SPILLWAY_SANDBOX", GetParam()}, {"PLANTED_TOKEN", k_secret}, {"HOME", (m_project / "home").string()}});
  }

  void expect_nothing_leaked(const ProcessResult& result) {
    EXPECT_THAT(result.out + result.err, Not(HasSubstr(k_secret)));
    for (const char* folder : {"logs", "out"}) {
      for (const std::string& file : m_project.files(folder)) {
        EXPECT_THAT(read_text(m_project / folder / file), Not(HasSubstr(k_secret))) << folder << "/" << file;
      }
    }
  }

  /// The query fails its step, and nothing was read or written. Returns the step's error.
  Json expect_refused(const std::string& query) {
    SCOPED_TRACE(query);
    const std::vector<std::string> before = files_outside_the_record();
    const ProcessResult result = run_query(query);
    EXPECT_EQ(result.exit_code, 1) << result.err;
    const RunDir run = m_project.latest_run();
    expect_sound_record(run, result);
    Json step = run.card_step("compute-stats");
    EXPECT_EQ(step["status"], "failed");
    EXPECT_THAT(result.err, HasSubstr("error: step 'compute-stats' (duckdb.processor): "));
    EXPECT_EQ(files_outside_the_record(), before) << "something was written";
    expect_nothing_leaked(result);
    return step["error"].is_object() ? step["error"] : Json::object();
  }

  /// A read that the pipeline does not name: the error says which line would allow it.
  void expect_read_refused(const std::string& query, const std::string& path) {
    const Json error = expect_refused(query);
    EXPECT_EQ(error.value("code", ""), "access_denied") << error;
    EXPECT_THAT(error.value("message", ""),
                AllOf(HasSubstr("the SQL of step 'compute-stats' may not read '"), HasSubstr(path),
                      HasSubstr("the pipeline does not name this path")));
    EXPECT_THAT(error.value("hint", ""), ContainsRegex("config: \\{path: .*" + path + "\\}")) << query;
  }

  Project m_project;

 private:
  /// pipeline.yaml is written by each attempt.
  std::vector<std::string> files_outside_the_record() const {
    std::vector<std::string> files = m_project.files(".");
    std::erase_if(files,
                  [](const std::string& file) { return file.starts_with("logs/") || file == "pipeline.yaml"; });
    return files;
  }
};

TEST_P(Confinement, FilesOfTheSystemAreNotRead) {
  expect_read_refused("SELECT * FROM read_text('/etc/passwd')", "/etc/passwd");
  expect_read_refused("SELECT * FROM read_blob('/etc/passwd')", "/etc/passwd");
  expect_read_refused("SELECT * FROM read_csv('/etc/passwd')", "/etc/passwd");
  expect_read_refused("SELECT * FROM read_json('/etc/passwd')", "/etc/passwd");
  expect_read_refused("SELECT * FROM read_parquet('/etc/passwd')", "/etc/passwd");
  expect_read_refused("SELECT * FROM sniff_csv('/etc/passwd')", "/etc/passwd");
  expect_read_refused("SELECT * FROM parquet_metadata('/etc/passwd')", "/etc/passwd");
}

TEST_P(Confinement, TheHomeIsNotRead) {
  const std::string key = (m_project / "home/.ssh/id_ed25519").string();
  expect_read_refused("SELECT * FROM read_text('" + key + "')", key);
  expect_read_refused("SELECT * FROM read_text('~/.ssh/id_ed25519')", ".ssh/id_ed25519");
}

TEST_P(Confinement, TheEnvironmentIsNotRead) {
  expect_read_refused("SELECT * FROM read_blob('/proc/self/environ')", "/proc/self/environ");
  expect_refused("SELECT getenv('PLANTED_TOKEN') AS token");
}

TEST_P(Confinement, AFileBesideTheInputIsNotRead) {
  expect_read_refused("SELECT * FROM read_csv('payroll.csv')", "payroll.csv");
  expect_read_refused("SELECT * FROM 'payroll.csv'", "payroll.csv");
  expect_read_refused("SELECT * FROM read_csv('./films.csv/../payroll.csv')", "payroll.csv");
}

TEST_P(Confinement, FoldersAreNotListed) {
  expect_refused("SELECT * FROM glob('/etc/*')");
  expect_refused("SELECT * FROM glob('*.csv')");
  expect_refused("SELECT * FROM read_csv('*.csv')");
}

TEST_P(Confinement, NothingIsFetched) {
  expect_refused("SELECT * FROM read_csv('http://127.0.0.1:9/payroll.csv')");
  expect_refused("SELECT * FROM 'https://127.0.0.1:9/payroll.parquet'");
  expect_refused("SELECT * FROM read_parquet('s3://bucket/payroll.parquet')");
}

TEST_P(Confinement, OnlyOneSelectRuns) {
  expect_refused("COPY df TO 'stolen.csv'");
  expect_refused("SELECT 1; COPY df TO 'stolen.csv'");
  expect_refused("EXPORT DATABASE 'stolen'");
  expect_refused("ATTACH 'stolen.db'");
  expect_refused("INSTALL httpfs");
  expect_refused("LOAD httpfs");
  expect_refused("LOAD 'stolen.duckdb_extension'");
  expect_refused("SET enable_external_access = true");
  expect_refused("RESET allowed_paths");
  expect_refused("PRAGMA database_list");
  expect_refused("CREATE TABLE mine AS SELECT 1");
  expect_refused("DROP SCHEMA frames CASCADE");
  expect_refused("CALL pragma_version()");
  expect_refused("EXPLAIN ANALYZE SELECT 1");
}

// Table functions that are statements in disguise.
TEST_P(Confinement, NoFunctionOpensAFile) {
  expect_refused("SELECT * FROM enable_logging('QueryLog', storage := 'file', storage_config := {'path': 'stolen'})");
  expect_refused("SELECT * FROM enable_profiling(save_location := 'stolen.json')");
  expect_refused("SELECT * FROM query('COPY (SELECT 1) TO ''stolen.csv''')");
  expect_refused("SELECT * FROM read_duckdb('stolen.db')");
}

TEST_P(Confinement, AnOptionIsNotSql) {
  for (const char* type : {"BIGINT); COPY (SELECT 1) TO 'stolen.csv'; --", "BIGINT', 'x': 'y", "(SELECT 1)"}) {
    m_project.write_pipeline(
        {{"extract-films", "filesystem.csv_extractor", {{"path", "films.csv"}, {"types", {{"id", type}}}}},
         csv_writer("write-films", "out/films.csv")});
    const ProcessResult result = m_project.run({{"SPILLWAY_SANDBOX", GetParam()}});
    EXPECT_EQ(result.exit_code, 1) << type;
    EXPECT_THAT(result.err, HasSubstr("cannot use type")) << type;
    EXPECT_FALSE(fs::exists(m_project / "stolen.csv"));
  }
}

TEST_P(Confinement, WhatThePipelineNamesIsRead) {
  expect_success(m_project, run_query("SELECT count(*) AS films FROM df"));
  EXPECT_EQ(read_text(m_project / "out/stats.csv"), "films\n1\n");
}

TEST_P(Confinement, TheEnvironmentOfTheProgramIsInNoFileOfARun) {
  for (const char* query : {"SELECT * FROM df", "SELECT nothing FROM df"}) {
    expect_nothing_leaked(run_query(query));
  }
}

TEST_P(Confinement, ASecretInAStepsConfigIsMaskedInTheRecord) {
  // No component has such an option: the document is refused, and the value is not repeated.
  m_project.write("pipeline.yaml",
                  "oml_version: \"0.1.0\"\nname: films\nsteps:\n  - id: extract-films\n"
                  "    component: filesystem.csv_extractor\n    config: {path: films.csv, password: " +
                      std::string(k_secret) + "}\n");
  const ProcessResult result = m_project.run({{"SPILLWAY_SANDBOX", GetParam()}});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, AllOf(HasSubstr("password"), Not(HasSubstr(k_secret))));
}

INSTANTIATE_TEST_SUITE_P(Targets, Confinement, ::testing::Values("local", "bwrap"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace spillway::testing
