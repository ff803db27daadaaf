#include <algorithm>
#include <filesystem>
#include <sstream>

#include "guide_fixture.hpp"

/// The runtime guide's "Testing E2B Dataflow" and "Debug Commands", as a person would follow them. The table of all
/// its lines is in guide_test.cpp.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- Testing E2B Dataflow

TEST_F(Guide, TestInMemoryPath1_RunWithoutForceSpill) {
  run_movies();
  EXPECT_THAT(run().events("frame_spilled"), IsEmpty());
  EXPECT_THAT(m_project.files("examples/movies/out"), ElementsAre("directors.csv"));
}

TEST_F(Guide, TestInMemoryPath2_RunCardHasDfInMemory) {
  run_movies();
  EXPECT_EQ(run().card_step("extract-movies")["has_df_in_memory"], true);
  EXPECT_EQ(run().card_step("compute-stats")["has_df_in_memory"], true);
}

TEST_F(Guide, TestInMemoryPath3_InputsResolvedFromMemory) {
  run_movies();
  const std::vector<Json> resolved = run().events("inputs_resolved");
  ASSERT_THAT(resolved, SizeIs(2));
  for (const Json& event : resolved) EXPECT_EQ(event["from_memory"], true) << event;
  EXPECT_EQ(resolved[0]["rows"], k_movie_count);
}

TEST_F(Guide, TestSpillPath1_ForceSpillGivesTheSameOutput) {
  run_movies();
  const std::string in_memory = read_text(m_project / "examples/movies/out/directors.csv");
  run_movies(k_forced);
  EXPECT_EQ(read_text(m_project / "examples/movies/out/directors.csv"), in_memory);
}

TEST_F(Guide, TestSpillPath2_RunCardHasSpillUsed) {
  run_movies(k_forced);
  EXPECT_EQ(run().card_step("extract-movies")["spill_used"], true);
  EXPECT_EQ(run().card_step("compute-stats")["spill_used"], true);
}

TEST_F(Guide, TestSpillPath3_ParquetAndSchemaFilesCreated) {
  run_movies(k_forced);
  for (const char* step : {"extract-movies", "compute-stats"}) {
    EXPECT_TRUE(fs::exists(run().path() / "artifacts" / step / "output.parquet")) << step;
    EXPECT_TRUE(fs::exists(run().path() / "artifacts" / step / "schema.json")) << step;
  }
}

TEST_F(Guide, TestSpillPath4_InputsResolvedFromSpill) {
  run_movies(k_forced);
  const std::vector<Json> resolved = run().events("inputs_resolved");
  ASSERT_THAT(resolved, SizeIs(2));
  for (const Json& event : resolved) EXPECT_EQ(event["from_spill"], true) << event;
}

/// The one path that needs hands between the steps: 1. "Remove upstream step output".
TEST_F(Guide, TestErrorPath1To3_RemovedUpstreamOutput) {
  prepare({{"force_spill", true}});
  exec("extract-movies");
  ASSERT_TRUE(fs::remove(movies_artifact("output.parquet")));
  const std::string error = exec("compute-stats").value("error", "");
  EXPECT_EQ(error,
            "Input 'df' not found for step 'compute-stats': step 'extract-movies' left no DataFrame in memory "
            "(step_outputs) and no spill file at artifacts/extract-movies/output.parquet (the file is gone).")
      << "2. Verify clear error message";
  EXPECT_THAT(error, AllOf(HasSubstr("memory"), HasSubstr("spill file")))
      << "3. Check error mentions both memory and spill checks";
  EXPECT_EQ(m_worker->ask({{"cmd", "ping"}})["status"], "pong") << "the worker goes on";
}

// --- Debug Commands

TEST_F(Guide, DebugCommands_GrepRowsOut) {
  run_movies();
  const ProcessResult result = m_project.shell(R"(grep "rows_out" logs/run_*/events.jsonl)");
  EXPECT_EQ(result.exit_code, 0);
  std::istringstream lines(result.out);
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  Json event = Json::parse(line);
  EXPECT_EQ(event["step_id"], "extract-movies");
  EXPECT_EQ(event["value"], k_movie_count);
}

TEST_F(Guide, DebugCommands_GrepInputsResolved) {
  run_movies();
  const ProcessResult result = m_project.shell(R"(grep "inputs_resolved" logs/run_*/events.jsonl)");
  EXPECT_EQ(result.exit_code, 0);
  std::istringstream lines(result.out);
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(Json::parse(line)["from_step"], "extract-movies");
}

TEST_F(Guide, DebugCommands_LsSpillArtifacts) {
  constexpr auto k_command = "ls -la logs/run_*/artifacts/*/output.parquet";
  run_movies();
  EXPECT_NE(m_project.shell(k_command).exit_code, 0) << "nothing was spilled";
  run_movies(k_forced);
  const ProcessResult result = m_project.shell(k_command);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("artifacts/extract-movies/output.parquet\n"),
                                HasSubstr("artifacts/compute-stats/output.parquet\n")));
}

TEST_F(Guide, DebugCommands_JqRunCardSteps) {
  run_movies();
  const ProcessResult result = m_project.shell("cat logs/run_*/artifacts/_system/run_card.json | jq '.steps'");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Json steps = Json::parse(result.out);
  ASSERT_THAT(steps, SizeIs(3));
  EXPECT_EQ(steps[0]["step_id"], "extract-movies");
  EXPECT_EQ(steps[0]["rows_out"], k_movie_count);
}

TEST_F(Guide, DebugCommands_AfterSeveralRunsShowEachOfThem) {
  run_movies();
  run_movies(k_forced);
  const ProcessResult grep = m_project.shell(R"(grep "rows_out" logs/run_*/events.jsonl)");
  EXPECT_EQ(std::ranges::count(grep.out, '\n'), 4) << grep.out;
  const ProcessResult jq = m_project.shell("cat logs/run_*/artifacts/_system/run_card.json | jq '.steps'");
  EXPECT_EQ(jq.exit_code, 0) << jq.err;
}

// They are for debugging: after a run that failed they matter most.
TEST_F(Guide, DebugCommands_AfterAFailedRun) {
  std::vector<Step> steps = fourteen_movies();
  steps[1] = processor("compute-stats", "SELECT no_such_column FROM df");
  m_project.write_pipeline(steps);
  ASSERT_EQ(m_project.run(k_forced).exit_code, 1);
  EXPECT_THAT(m_project.shell(R"(grep "rows_out" logs/run_*/events.jsonl)").out, HasSubstr("extract-movies"));
  EXPECT_THAT(m_project.shell(R"(grep "inputs_resolved" logs/run_*/events.jsonl)").out, HasSubstr("compute-stats"));
  EXPECT_THAT(m_project.shell("ls -la logs/run_*/artifacts/*/output.parquet").out, HasSubstr("extract-movies"));
  const ProcessResult jq = m_project.shell("cat logs/run_*/artifacts/_system/run_card.json | jq '.steps'");
  EXPECT_EQ(Json::parse(jq.out)[1]["status"], "failed");
}

}  // namespace
}  // namespace spillway::testing
