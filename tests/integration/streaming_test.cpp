#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"

/// materialize: stream. The rows of a step go straight to the one that reads them; what is written is the same.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int k_rows = 200'000;  ///< far more than are on their way at any time

std::string many_rows(const std::string& last_line = "") {
  std::string text = "id,title\n";
  for (int id = 0; id < k_rows; ++id) text += std::to_string(id) + ",film " + std::to_string(id) + "\n";
  return text + last_line;
}

class Streaming : public ::testing::Test {
 protected:
  void SetUp() override { m_project.write("films.csv", many_rows()); }

  static std::vector<Step> even_films(bool is_streamed) {
    std::vector<Step> steps{csv_extractor("extract", "films.csv"),
                            processor("even", "SELECT id, title FROM df WHERE id % 2 = 0"),
                            csv_writer("write", "out.csv")};
    steps[0].is_streamed = steps[1].is_streamed = is_streamed;
    return steps;
  }
  ProcessResult run(const std::vector<Step>& steps, Project::Environment environment = {}) const {
    m_project.write_pipeline(steps);
    return m_project.run(std::move(environment));
  }
  /// The run failed with that step; the one it was streamed from or to did not succeed, and nothing was written.
  void expect_failure(const ProcessResult& result, const std::string& failed, const std::string& cancelled) const {
    EXPECT_EQ(result.exit_code, 1) << result.err;
    const RunDir run = m_project.latest_run();
    expect_sound_record(run, result);
    EXPECT_EQ(run.card_step(failed)["status"], "failed") << run.card_step(failed);
    EXPECT_EQ(run.card_step(cancelled)["status"], "cancelled") << run.card_step(cancelled);
    EXPECT_EQ(run.card()["error"]["step_id"], failed);
  }

  Project m_project;
};

TEST_F(Streaming, WritesTheSameAsWithFrames) {
  expect_success(m_project, run(even_films(false)));
  const std::string expected = read_text(m_project / "out.csv");
  fs::remove(m_project / "out.csv");
  expect_success(m_project, run(even_films(true)));
  EXPECT_EQ(read_text(m_project / "out.csv"), expected);
}

TEST_F(Streaming, TheRecordSaysWhereTheRowsWent) {
  const ProcessResult result = run(even_films(true));
  expect_success(m_project, result);
  EXPECT_THAT(result.err, HasSubstr("streamed"));
  const RunDir run = m_project.latest_run();
  const Json extract = run.card_step("extract");
  EXPECT_EQ(extract["streamed"], true);
  EXPECT_EQ(extract["has_df_in_memory"], false);
  EXPECT_EQ(extract["spill_used"], false);
  EXPECT_EQ(extract["rows_out"], k_rows);
  EXPECT_THAT(extract["artifacts"], ElementsAre("artifacts/extract/cleaned_config.json"));
  const Json even = run.card_step("even");
  EXPECT_EQ(even["rows_in"], k_rows);
  EXPECT_EQ(even["inputs"][0], (Json{{"key", "df"},
                                     {"from_step", "extract"},
                                     {"rows", k_rows},
                                     {"from_memory", false},
                                     {"from_spill", false},
                                     {"streamed", true}}));
  EXPECT_FALSE(run.card_step("write").contains("streamed"));
  EXPECT_EQ(run.card()["total_rows"], k_rows / 2);
  EXPECT_EQ(run.events("stream_opened").size(), 2U);
  EXPECT_EQ(run.events("inputs_resolved").at(0)["rows"], Json());
}

TEST_F(Streaming, ForcedSpillingKeepsEveryFrame) {
  expect_success(m_project, run(even_films(true), {{"E2B_FORCE_SPILL", "1"}}));
  EXPECT_TRUE(fs::exists(m_project.latest_run().path() / "artifacts/extract/output.parquet"));
  EXPECT_TRUE(fs::exists(m_project.latest_run().path() / "artifacts/even/output.parquet"));
  EXPECT_THAT(m_project.latest_run().events("stream_opened"), IsEmpty());
}

TEST_F(Streaming, ALongChainRunsOnOneThread) {
  std::vector<Step> steps{streamed(csv_extractor("extract", "films.csv"))};
  for (int i = 0; i < 12; ++i) {
    steps.push_back(streamed(processor("more-" + std::to_string(i), "SELECT id + 1 AS id FROM df")));
  }
  steps.push_back(processor("ends", "SELECT min(id) AS least, max(id) AS greatest FROM df"));
  steps.push_back(csv_writer("write", "out.csv"));
  expect_success(m_project, run(steps, {{"SPILLWAY_THREADS", "1"}}));
  EXPECT_EQ(read_text(m_project / "out.csv"), "least,greatest\n12,200011\n");
}

TEST_F(Streaming, AStreamMayMeetAFrameThatIsMadeMeanwhile) {
  m_project.write("odd.csv", "id\n1\n3\n");
  Step join = processor("join", "SELECT count(*) AS n FROM df_extract JOIN df_odd USING (id)");
  join.needs = {"extract", "odd"};
  expect_success(m_project, run({streamed(csv_extractor("extract", "films.csv")), csv_extractor("odd", "odd.csv"),
                                 join, csv_writer("write", "out.csv")}));
  EXPECT_EQ(read_text(m_project / "out.csv"), "n\n2\n");
}

TEST_F(Streaming, WhoReadsAPartLetsTheStreamSucceed) {
  const ProcessResult result = run({streamed(csv_extractor("extract", "films.csv")),
                                    processor("first", "SELECT id FROM df LIMIT 3"), csv_writer("write", "out.csv")});
  expect_success(m_project, result);
  EXPECT_EQ(read_text(m_project / "out.csv"), "id\n0\n1\n2\n");
  const RunDir run = m_project.latest_run();
  EXPECT_EQ(run.card_step("extract")["rows_out"], run.card_step("first")["rows_in"]);
  EXPECT_LT(run.card_step("extract")["rows_out"], k_rows);
}

TEST_F(Streaming, AStepThatFailsLateLeavesNothingBehindAtItsReader) {
  m_project.write("films.csv", many_rows("no number,Alien,1979\n"));
  expect_failure(run({streamed(csv_extractor("extract", "films.csv")), csv_writer("write", "out.csv")}), "extract",
                 "write");
  EXPECT_EQ(m_project.latest_run().card_step("write")["error"]["code"], "cancelled");
  EXPECT_FALSE(fs::exists(m_project / "out.csv"));
}

TEST_F(Streaming, AReaderThatFailsEndsTheStream) {
  fs::create_directories(m_project / "out.csv");
  expect_failure(run({streamed(csv_extractor("extract", "films.csv")), csv_writer("write", "out.csv")}), "write",
                 "extract");
}

TEST_F(Streaming, AStreamWhoseReaderNeverStartsIsCancelled) {
  Step join = processor("join", "SELECT count(*) AS n FROM df_extract JOIN df_odd USING (id)");
  join.needs = {"extract", "odd"};
  expect_failure(run({streamed(csv_extractor("extract", "films.csv")), csv_extractor("odd", "missing.csv"), join,
                      csv_writer("write", "out.csv")}),
                 "odd", "extract");
}

TEST_F(Streaming, ReadingTwiceIsRefused) {
  const ProcessResult result =
      run({streamed(csv_extractor("extract", "films.csv")),
           processor("pairs", "SELECT a.id FROM df a JOIN df b ON a.id = b.id + 1"), csv_writer("write", "out.csv")});
  EXPECT_EQ(result.exit_code, 1);
  expect_sound_record(m_project.latest_run(), result);
  EXPECT_EQ(m_project.latest_run().card_step("pairs")["status"], "failed");
  EXPECT_THAT(result.err, HasSubstr("the rows of step 'extract' can be read once, as it has materialize: stream"));
}

}  // namespace
}  // namespace spillway::testing
