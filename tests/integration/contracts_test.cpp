#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"
#include "small_disk.hpp"

/// What the public contract of a run adds to the guide: the files of the run directory, the vocabulary of events and
/// metrics, the names of inputs, the exit codes. That each file and line fits its schema is checked for every run of
/// every test (RunDir::problems).
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

class Contracts : public ::testing::Test {
 protected:
  void SetUp() override { m_project.write("films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n3,Clue,1985\n"); }

  static std::vector<Step> films() {
    return {csv_extractor("extract-films", "films.csv"),
            processor("compute-stats", "SELECT year, count(*) AS films FROM df GROUP BY year ORDER BY year"),
            csv_writer("write-stats", "out/stats.csv")};
  }
  ProcessResult run(const std::vector<Step>& steps, Project::Environment environment = {}) const {
    m_project.write_pipeline(steps);
    return m_project.run(std::move(environment));
  }
  RunDir run_dir() const { return m_project.latest_run(); }

  /// The inputs that the step was given, by key.
  Json inputs_of(const std::string& step_id) const {
    for (const Json& command : run_dir().commands()) {
      if (command.value("step_id", "") == step_id) return command["inputs"];
    }
    return nullptr;
  }

  Project m_project;
};

TEST_F(Contracts, RunDirectory_HasEveryFile) {
  expect_success(m_project, run(films(), {{"E2B_FORCE_SPILL", "1"}}));
  for (const char* file :
       {"manifest.yaml", "cfg/extract-films.json", "commands.jsonl", "events.jsonl", "metrics.jsonl", "spillway.log",
        "status.json", "artifacts/extract-films/cleaned_config.json", "artifacts/extract-films/output.parquet",
        "artifacts/extract-films/schema.json", "artifacts/_system/run_card.json"}) {
    EXPECT_TRUE(fs::is_regular_file(run_dir().path() / file)) << file;
  }
}

TEST_F(Contracts, RunDirectory_LatestIsTheNewest) {
  for (int i = 0; i < 2; ++i) expect_success(m_project, run(films()));
  std::set<std::string> runs;
  for (const fs::directory_entry& entry : fs::directory_iterator(m_project / "logs")) {
    if (!entry.is_symlink()) runs.insert(entry.path().filename().string());
  }
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(fs::read_symlink(m_project / "logs/latest"), *runs.rbegin());
}

TEST_F(Contracts, Manifest_IsTheSameForTheSamePipeline) {
  expect_success(m_project, run(films()));
  const std::string manifest = read_text(run_dir().path() / "manifest.yaml");
  expect_success(m_project, run(films()));
  EXPECT_EQ(read_text(run_dir().path() / "manifest.yaml"), manifest);
}

TEST_F(Contracts, Schema_IsRowCountColumnsAndTypes) {
  std::vector<Step> steps{csv_extractor("extract-films", "films.csv"),
                          processor("one-column", "SELECT id FROM df WHERE id < 3"),
                          csv_writer("write", "out/ids.csv")};
  expect_success(m_project, run(steps, {{"E2B_FORCE_SPILL", "1"}}));
  EXPECT_EQ(read_json(run_dir().path() / "artifacts/one-column/schema.json"),
            Json({{"row_count", 2}, {"columns", {"id"}}, {"dtypes", {{"id", "BIGINT"}}}}));
}

TEST_F(Contracts, Events_OfASuccessfulRunInTheirOrder) {
  expect_success(m_project,
                 run({csv_extractor("extract-films", "films.csv"), csv_writer("write-films", "out/f.csv")}));
  std::vector<std::string> names;
  for (const Json& event : run_dir().events()) names.push_back(event["event"]);
  EXPECT_THAT(names,
              ElementsAre("run_start", "cfg_materialized", "cfg_materialized", "session_initialized",  //
                          "step_start", "cfg_opened", "artifacts_dir_created", "config_meta_stripped",
                          "artifact_created", "rows_out", "step_complete",  //
                          "step_start", "cfg_opened", "artifacts_dir_created", "config_meta_stripped",
                          "artifact_created", "inputs_resolved", "write_start", "write_complete", "step_complete",
                          "cleanup_start", "cleanup_complete", "artifact_created", "run_complete"));
}

TEST_F(Contracts, Events_OfSpillsAndFailures) {
  std::vector<Step> steps = films();
  steps[1] = processor("compute-stats", "SELECT nothing FROM df");
  EXPECT_EQ(run(steps, {{"E2B_FORCE_SPILL", "1"}}).exit_code, 1);
  std::set<std::string> names;
  for (const Json& event : run_dir().events()) names.insert(event["event"]);
  EXPECT_THAT(names, IsSupersetOf({"frame_spilled", "step_failed", "step_skipped", "run_failed"}));
}

TEST_F(Contracts, Metrics_OfARun) {
  expect_success(m_project, run(films(), {{"E2B_FORCE_SPILL", "1"}}));
  std::set<std::string> names;
  for (const Json& metric : run_dir().metrics()) names.insert(metric["metric"]);
  EXPECT_THAT(names, IsSupersetOf({"steps_total", "steps_completed", "step_duration_ms", "rows_read", "rows_in",
                                   "rows_out", "rows_written", "bytes_written", "frame_bytes", "spill_bytes",
                                   "peak_memory_bytes", "sandbox_overhead_ms", "execution_duration_ms"}));
}

TEST_F(Contracts, TotalRows_AreWhatWritersWroteElseWhatExtractorsRead) {
  expect_success(m_project, run(films()));
  EXPECT_EQ(run_dir().card()["total_rows"], 2);
  expect_success(m_project, run({csv_extractor("extract-films", "films.csv")}));
  EXPECT_EQ(run_dir().card()["total_rows"], 3);
}

TEST_F(Contracts, Inputs_OneNeedIsDfUnderThreeNames) {
  for (const char* name : {"df", "input_df", "df_extract_films", "DF"}) {
    std::vector<Step> steps = films();
    steps[1] = processor("compute-stats", "SELECT count(*) AS films FROM " + std::string(name));
    expect_success(m_project, run(steps));
    EXPECT_EQ(inputs_of("compute-stats"), Json({{"df", {{"from_step", "extract-films"}, {"key", "df"}}}}));
    EXPECT_EQ(read_text(m_project / "out/stats.csv"), "films\n3\n") << name;
  }
}

TEST_F(Contracts, Inputs_SeveralNeedsHaveAKeyEach) {
  Step join = processor("join", "SELECT count(*) AS n FROM df_a_b AS x JOIN df__2nd AS y USING (id)");
  join.needs = {"a.b", "2nd"};
  expect_success(m_project, run({csv_extractor("a.b", "films.csv"), csv_extractor("2nd", "films.csv"), join,
                                 csv_writer("write", "out/n.csv")}));
  EXPECT_EQ(inputs_of("join"), Json({{"df_a_b", {{"from_step", "a.b"}, {"key", "df"}}},
                                     {"df__2nd", {{"from_step", "2nd"}, {"key", "df"}}}}));
  EXPECT_EQ(read_text(m_project / "out/n.csv"), "n\n3\n");
}

// The hashes are the first 8 hex digits of `printf a-b | sha256sum` and `printf a.b | sha256sum`.
TEST_F(Contracts, Inputs_IdsThatCollideGetTheirHash) {
  Step join =
      processor("join", "SELECT count(*) AS n FROM df_a_b_d44362d6 AS x JOIN df_a_b_2e7336dc AS y USING (id)");
  join.needs = {"a-b", "a.b"};
  expect_success(m_project, run({csv_extractor("a-b", "films.csv"), csv_extractor("a.b", "films.csv"), join,
                                 csv_writer("write", "out/n.csv")}));
  EXPECT_EQ(read_text(m_project / "out/n.csv"), "n\n3\n");
}

TEST_F(Contracts, ExitCodes) {
  EXPECT_EQ(run(films()).exit_code, 0);
  std::vector<Step> failing = films();
  failing[1] = processor("compute-stats", "SELECT nothing FROM df");
  EXPECT_EQ(run(failing).exit_code, 1);
  EXPECT_EQ(m_project.spillway({"run"}).exit_code, 2);
  EXPECT_EQ(m_project.spillway({"run", "--no-such-flag", "pipeline.yaml"}).exit_code, 2);
  EXPECT_EQ(m_project.run({{"E2B_SPILL_THRESHOLD", "many"}}).exit_code, 2);
  std::vector<Step> invalid = films();
  invalid[2].needs = {"no-such-step"};
  EXPECT_EQ(run(invalid).exit_code, 3);
  // 130 and 143 are in interruption_test.cpp.
}

// A worker that cannot be made ready is a run that failed, not a run without steps.
TEST_F(Contracts, ExitCodes_AWorkerWithoutItsEngine) {
  if (::geteuid() != 0) GTEST_SKIP() << "hiding the library needs root";
  const SmallDisk over_the_library(DUCKDB_LIBRARY_DIR);
  const ProcessResult result = run(films());
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("error: cannot load the engine library"));
  expect_sound_record(run_dir(), result);
  EXPECT_EQ(run_dir().events("run_failed").size(), 1U);
  for (const Step& step : films()) {
    EXPECT_EQ(run_dir().card_step(step.id)["skipped"], Json({{"reason", "run_failed"}, {"because_of", nullptr}}));
  }
}

}  // namespace
}  // namespace spillway::testing
