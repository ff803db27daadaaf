#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/process.hpp"
#include "support/run_dir.hpp"
#include "support/temp_dir.hpp"

/// The built program as a process: its streams, exit codes and files. What it prints to the letter is in
/// tests/golden/cli.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Problems = std::vector<std::string>;

/// Runs for hours unless it is cancelled.
constexpr auto k_endless_sql =
    "SELECT sum(a.range * b.range) AS s FROM df, range(1000000000) AS a, range(1000000000) AS b";

class Cli : public ::testing::Test {
 protected:
  void SetUp() override {
    write("data/films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n3,Clue,1985\n");
    write("films.yaml",
          pipeline("SELECT year, count(*) AS films FROM df GROUP BY year ORDER BY year", "out/counts.csv"));
  }

  static std::string pipeline(const std::string& sql, const std::string& target) {
    return "oml_version: \"0.1.0\"\nname: films\nsteps:\n"
           "  - id: extract-films\n    component: filesystem.csv_extractor\n    config: {path: data/films.csv}\n"
           "  - id: compute-stats\n    component: duckdb.processor\n    config:\n      query: " +
           sql +
           "\n"
           "  - id: write-counts\n    component: filesystem.csv_writer\n    config: {path: \"" +
           target + "\"}\n";
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((m_folder / name).parent_path());
    std::ofstream(m_folder / name) << text;
  }
  ProcessResult spillway(std::vector<std::string> arguments,
                         std::map<std::string, std::string> environment = {}) const {
    return run_spillway(std::move(arguments), {m_folder.path(), std::move(environment), ""});
  }
  RunDir run_dir() const { return RunDir::latest(m_folder.path()); }

  TempDir m_folder;
};

TEST_F(Cli, ASuccessfulRunKeepsEveryContract) {
  const ProcessResult result = spillway({"run", "films.yaml"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "") << "standard output is for data";
  EXPECT_EQ(read_text(m_folder / "out/counts.csv"), "year,films\n1979,1\n1985,2\n");
  EXPECT_EQ(run_dir().problems(), Problems{});
  EXPECT_EQ(run_dir().card()["total_rows"], 2) << "what the writer wrote";
  EXPECT_EQ(run_dir().card_step("extract-films")["has_df_in_memory"], true);
  const auto resolved = run_dir().events("inputs_resolved");
  ASSERT_EQ(resolved.size(), 2U);
  EXPECT_EQ(resolved[0]["from_memory"], true);
}

TEST_F(Cli, JsonIsTheRunCardAndNothingElse) {
  const ProcessResult result = spillway({"run", "films.yaml", "--json"});
  Json printed = Json::parse(result.out);
  EXPECT_EQ(printed["exit_code"], 0);
  EXPECT_EQ(printed["run_dir"], "logs/" + run_dir().path().filename().string());
  printed.erase("exit_code");
  printed.erase("run_dir");
  EXPECT_EQ(printed, run_dir().card());
}

TEST_F(Cli, AFailedStepExits1AndLeavesNothingBehind) {
  write("films.yaml", pipeline("SELECT nothing FROM df", "out/counts.csv"));
  const ProcessResult result = spillway({"run", "films.yaml"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("error: step 'compute-stats' (duckdb.processor): "));
  EXPECT_FALSE(fs::exists(m_folder / "out/counts.csv"));
  EXPECT_EQ(run_dir().problems(), Problems{});
  EXPECT_EQ(run_dir().card_step("compute-stats")["status"], "failed");
  EXPECT_EQ(run_dir().card_step("write-counts")["status"], "skipped");
  EXPECT_EQ(run_dir().status()["exit_code"], 1);
}

TEST_F(Cli, AnInvalidPipelineExits3WithoutARun) {
  write("films.yaml", "oml_version: \"0.1.0\"\nname: films\nsteps: 7\n");
  EXPECT_EQ(spillway({"run", "films.yaml"}).exit_code, 3);
  EXPECT_EQ(spillway({"validate", "films.yaml"}).exit_code, 3);
  EXPECT_EQ(spillway({"compile", "films.yaml"}).exit_code, 3);
  EXPECT_FALSE(fs::exists(m_folder / "logs"));
}

TEST_F(Cli, APipelineOfAGigabyteIsRefusedBeforeItIsRead) {
  fs::path file = m_folder / "large.yaml";
  write("large.yaml", "oml_version: \"0.1.0\"\nname: ");
  fs::resize_file(file, 1'000'000'000);
  const ProcessResult result = spillway({"validate", "large.yaml"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err, "error: cannot read 'large.yaml': longer than 67108864 bytes\n");
  if (!program_is_sanitized()) {
    EXPECT_LT(result.peak_memory_bytes >> 20U, 200);
  }
}

TEST_F(Cli, StandardOutputOfAWriterIsDataOnly) {
  write("films.yaml", pipeline("SELECT title FROM df WHERE year = 1979", "-"));
  const ProcessResult result = spillway({"run", "films.yaml"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "title\nAlien\n");
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(Cli, CtrlCCancelsTheRunAndKeepsItsRecord) {
  write("films.yaml", pipeline(k_endless_sql, "out/counts.csv"));
  Process process({spillway_program(), "run", "films.yaml"}, {m_folder.path(), {}, ""});
  ASSERT_TRUE(process.wait_for_error_text("extract-films")) << "the first step is done, the endless one begins";
  process.send_signal(SIGINT);
  const ProcessResult result = process.wait();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_EQ(run_dir().problems(), Problems{});
  EXPECT_EQ(run_dir().status()["exit_code"], 130);
  EXPECT_EQ(run_dir().card()["status"], "cancelled");
  EXPECT_FALSE(fs::exists(m_folder / "out/counts.csv"));
}

TEST_F(Cli, ATerminatedRunExits143) {
  write("films.yaml", pipeline(k_endless_sql, "out/counts.csv"));
  Process process({spillway_program(), "run", "films.yaml"}, {m_folder.path(), {}, ""});
  ASSERT_TRUE(process.wait_for_error_text("extract-films"));
  process.send_signal(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 143);
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(Cli, RunsThatStartTogetherHaveADirectoryEach) {
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < 4; ++i) {
    processes.push_back(
        std::make_unique<Process>(std::vector<std::string>{spillway_program(), "run", "films.yaml", "--json"},
                                  ProcessOptions{m_folder.path(), {}, ""}));
  }
  std::set<std::string> run_dirs;
  for (const auto& process : processes) {
    const ProcessResult result = process->wait();
    ASSERT_EQ(result.exit_code, 0) << result.err;
    run_dirs.insert(Json::parse(result.out)["run_dir"]);
  }
  EXPECT_EQ(run_dirs.size(), 4U);
  for (const std::string& path : run_dirs) EXPECT_EQ(RunDir(m_folder / path).problems(), Problems{});
}

TEST_F(Cli, TheEngineIsLoadedOnlyByWhatRunsSteps) {
  const std::map<std::string, std::string> traced{{"LD_DEBUG", "files"}};
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"validate", "films.yaml"},
                                                    {"compile", "films.yaml"},
                                                    {"run", "--dry-run", "films.yaml"},
                                                    {"plan", "films.yaml"},
                                                    {"diff", "films.yaml", "films.yaml"},
                                                    {"schema"},
                                                    {"completions", "bash"},
                                                    {"components"},
                                                    {"version"}}) {
    const ProcessResult result = spillway(arguments, traced);
    EXPECT_EQ(result.exit_code, 0) << arguments[0];
    EXPECT_THAT(result.err, AllOf(HasSubstr("libc.so"), Not(HasSubstr("libduckdb")))) << arguments[0];
  }
  EXPECT_THAT(spillway({"run", "films.yaml"}, traced).err, HasSubstr("libduckdb"));
}

TEST_F(Cli, ADryRunAndAPlanWriteNothing) {
  EXPECT_EQ(spillway({"run", "--dry-run", "films.yaml"}).exit_code, 0);
  EXPECT_EQ(spillway({"plan", "films.yaml"}).exit_code, 0);
  EXPECT_FALSE(fs::exists(m_folder / "logs"));
  EXPECT_FALSE(fs::exists(m_folder / "out"));
}

/// What a connection's values are made of shows before anything runs: a project's own component has no driver.
TEST_F(Cli, ConnectionsAreResolvedBeforeARun) {
  fs::copy(fs::path(SPILLWAY_SOURCE_DIR) / "tests/golden/cli/project/acme", m_folder.path(),
           fs::copy_options::recursive);
  const auto token = [&](const std::string& text, std::map<std::string, std::string> environment = {}) {
    write("spillway_connections.yaml", "connections: {acme: {main: {host: h, token: \"" + text + "\"}}}\n");
    return spillway({"run", "orders.yaml"}, std::move(environment));
  };
  const auto is_resolved = [](const ProcessResult& result) {
    return result.exit_code == 3 && result.err.find("has no driver for 'acme.extractor'") != std::string::npos;
  };
  ProcessResult result = token("${ACME_TOKEN}");
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err,
              HasSubstr("error: cannot resolve 'token' of connection '@acme.main': the variable "
                        "ACME_TOKEN is not set\n  hint: export ACME_TOKEN, or write ACME_TOKEN=… in .env"));
  EXPECT_TRUE(is_resolved(token("${ACME_TOKEN}", {{"ACME_TOKEN", "t"}})));
  EXPECT_TRUE(is_resolved(token("${ACME_TOKEN:-none}")));
  result = token("${file:token.txt}");
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, HasSubstr("cannot read 'token.txt'"));
  write("token.txt", "t\n");
  EXPECT_TRUE(is_resolved(token("${file:token.txt}")));
  write(".env", "ACME_TOKEN=t\n");
  EXPECT_TRUE(is_resolved(token("${ACME_TOKEN}")));
  write(".env", "ACME TOKEN\n");
  result = token("${ACME_TOKEN}");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr(".env:1:1: error: invalid line: it is no NAME=value"));
  EXPECT_FALSE(fs::exists(m_folder / "logs"));
}

TEST_F(Cli, APlantedSecretIsInNoOutput) {
  constexpr auto k_secret = "planted-s3cret-value";
  write("spillway_connections.yaml",
        std::string("connections: {db: {main: {password: \"${DB_PASSWORD}\", token: ") + k_secret + "}}}\n");
  write("bad.yaml", pipeline("SELECT * FROM df_none", "out/counts.csv") + "    password: " + k_secret + "\n");
  const std::map<std::string, std::string> environment{{"DB_PASSWORD", k_secret}};
  for (const std::string file : {"films.yaml", "bad.yaml"}) {
    for (const std::string verb : {"validate", "compile", "plan", "run", "diff"}) {
      for (const bool as_json : {false, true}) {
        std::vector<std::string> arguments{verb, file};
        if (verb == "diff") arguments.emplace_back("films.yaml");
        if (as_json) arguments.emplace_back("--json");
        const ProcessResult result = spillway(arguments, environment);
        EXPECT_THAT(result.out + result.err, Not(HasSubstr(k_secret))) << verb << " " << file;
      }
    }
  }
  EXPECT_THAT(spillway({"explain", "OML506"}, environment).out, Not(HasSubstr(k_secret)));
  EXPECT_THAT(spillway({"validate", "bad.yaml", "--fix", "--dry-run"}, environment).out, Not(HasSubstr(k_secret)));
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{{"components"},
                                                                                         {"schema"},
                                                                                         {"completions", "bash"},
                                                                                         {"explain"},
                                                                                         {"version"},
                                                                                         {"help"},
                                                                                         {"init", "new"}}) {
    const ProcessResult result = spillway(arguments, environment);
    EXPECT_EQ(result.exit_code, 0) << arguments.front() << result.err;
    EXPECT_THAT(result.out + result.err, Not(HasSubstr(k_secret))) << arguments.front();
  }
  for (const auto& entry : fs::recursive_directory_iterator(m_folder.path())) {
    const std::string name = fs::relative(entry.path(), m_folder.path());
    const bool holds_it = name == "spillway_connections.yaml" || name == "bad.yaml";
    if (!holds_it && entry.is_regular_file()) {
      EXPECT_THAT(read_text(entry.path()), Not(HasSubstr(k_secret))) << name;
    }
  }
}

}  // namespace
}  // namespace spillway::testing
