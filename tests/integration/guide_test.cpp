#include <filesystem>

#include "guide_fixture.hpp"

/// The runtime guide, line by line: what it says, and the test of the suite Guide that holds the program to it. The
/// lists under "ProxyWorker Implementation Checklist" have theirs in guide_checklist_test.cpp, the tests of the
/// dataflow and the debug commands are in guide_dataflow_test.cpp.
///
/// DataFrame Caching Rules
///   "NEVER Remove DataFrames from Cache ... breaks downstream steps" CachingRules_EveryDownstreamStepGetsTheFrame
///   "Keep full result including DataFrames"                          CachingRules_TheResultIsKeptUntilCleanup
///   1 "Keep DataFrame in memory by default"                          StoragePattern1_InMemoryByDefault
///   2 "Optionally spill to parquet if E2B_FORCE_SPILL=1"             StoragePattern2_ForcedSpill
///     "or size exceeds threshold"                                    StoragePattern2_ThresholdOfRows, _OfBytes
///   3 "remove from memory but keep df_path reference"                StoragePattern3_AfterSpillingThePathIsKept
/// Reading Events for Debugging
///   inputs_resolved, "from_memory": true                             KeyEventInputsResolved_FromMemory
///   "or "from_spill": true"                                          KeyEventInputsResolved_FromSpill
///   rows_out                                                         KeyEventRowsOut
/// Common E2B Errors and Solutions
///   "input_df of type NoneType"                                      ErrorNoneType_AProcessorNeverRunsOnNothing
///     check 1 "cached_output includes "df" key"                      ErrorNoneType_Check1_OutputsIncludeDf
///     check 2 "generates inputs mapping from needs"                  ErrorNoneType_Check2_InputsComeFromNeeds
///     check 3 "finds DataFrame in cache or spill"                    ResolveInputs2_* of the checklist
///   "Input 'df' not found"                                           ErrorInputDfNotFound
///     solution "Ensure upstream step stores DataFrame"               ErrorInputDfNotFound_Solution
///   "SupabaseWriterDriver requires 'df' input"                       ErrorWriterRequiresDf: every writer says it
/// Run Card Structure                                                 RunCardStructure_InMemory, _Spilled
/// E2B vs Local Parity
///   cache, inputs, memory: one executor for both columns             Parity_TheLocalTargetHasExplicitInputs...
///   error messages                                                   Parity_ErrorMessagesHaveResolutionDetails
/// Testing E2B Dataflow
///   In-Memory Path 1 to 3                                            TestInMemoryPath1_* to 3_*
///   Spill Path 1 to 4                                                TestSpillPath1_* to 4_*
///   Error Path 1 to 3                                                TestErrorPath1To3_RemovedUpstreamOutput
/// Manifest Structure
///   "Compiler generates"                                             ManifestStructure_CompilerGenerates
///   "E2B proxy adds"                                                 ManifestStructure_ProxyAdds
/// Debug Commands, each typed as it stands                            DebugCommands_*
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// --- CRITICAL: DataFrame Caching Rules

TEST_F(Guide, CachingRules_EveryDownstreamStepGetsTheFrame) {
  std::vector<Step> steps = fourteen_movies();
  for (const char* id : {"read-again", "read-once-more"}) {
    Step again = processor(id, "SELECT count(*) AS films FROM df");
    again.needs = {"extract-movies"};
    steps.push_back(again);
    steps.push_back(csv_writer(std::string("write-") + id, std::string("out/") + id + ".csv"));
  }
  m_project.write_pipeline(steps);
  expect_success(m_project, m_project.run());
  EXPECT_EQ(read_text(m_project / "out/read-again.csv"), "films\n14\n");
  EXPECT_EQ(read_text(m_project / "out/read-once-more.csv"), "films\n14\n");
}

TEST_F(Guide, CachingRules_TheResultIsKeptUntilCleanup) {
  prepare();
  exec("extract-movies");
  for (int reading = 0; reading < 3; ++reading) {
    EXPECT_EQ(exec("compute-stats")["outputs"]["rows_in"], k_guide_rows) << reading;
  }
  Json cleaned = m_worker->ask({{"cmd", "cleanup"}});
  EXPECT_EQ(cleaned["frames"]["extract-movies"]["has_df_in_memory"], true);
}

TEST_F(Guide, StoragePattern1_InMemoryByDefault) {
  run_movies();
  for (const char* step : {"extract-movies", "compute-stats"}) {
    EXPECT_EQ(run().card_step(step)["has_df_in_memory"], true) << step;
    EXPECT_FALSE(fs::exists(run().path() / "artifacts" / step / "output.parquet")) << step;
  }
}

TEST_F(Guide, StoragePattern2_ForcedSpill) {
  for (const char* yes : {"1", "true", "yes"}) {
    run_movies({{"E2B_FORCE_SPILL", yes}});
    EXPECT_EQ(run().card_step("extract-movies")["spill_used"], true) << yes;
    EXPECT_EQ(run().events("frame_spilled").at(0)["reason"], "forced") << yes;
  }
  run_movies({{"E2B_FORCE_SPILL", "0"}});
  EXPECT_EQ(run().card_step("extract-movies")["spill_used"], false);
}

TEST_F(Guide, StoragePattern2_ThresholdOfRows) {
  run_fourteen_movies({{"E2B_SPILL_THRESHOLD", "13"}});
  EXPECT_EQ(run().card_step("extract-movies")["spill_used"], true) << "14 rows exceed 13";
  EXPECT_EQ(run().events("frame_spilled").at(0)["reason"], "rows");
  run_fourteen_movies({{"E2B_SPILL_THRESHOLD", "14"}});
  EXPECT_EQ(run().card_step("extract-movies")["spill_used"], false) << "14 rows do not exceed 14";
}

TEST_F(Guide, StoragePattern2_ThresholdOfBytes) {
  run_movies({{"SPILLWAY_SPILL_BYTES", "100KB"}});
  EXPECT_EQ(run().card_step("extract-movies")["spill_used"], true);
  EXPECT_EQ(run().events("frame_spilled").at(0)["reason"], "bytes");
}

TEST_F(Guide, StoragePattern3_AfterSpillingThePathIsKept) {
  run_movies(k_forced);
  Json step = run().card_step("extract-movies");
  EXPECT_EQ(step["has_df_in_memory"], false);
  EXPECT_EQ(step["spill_paths"]["parquet"], "artifacts/extract-movies/output.parquet");
}

// --- Reading Events for Debugging

TEST_F(Guide, KeyEventInputsResolved_FromMemory) {
  run_fourteen_movies();
  const Json as_in_the_guide = {{"event", "inputs_resolved"},
                                {"step_id", "compute-stats"},
                                {"from_step", "extract-movies"},
                                {"rows", 14},
                                {"from_memory", true}};
  const std::vector<Json> events = run().events("inputs_resolved");
  ASSERT_THAT(events, SizeIs(2)) << "one of compute-stats, one of write-stats";
  EXPECT_TRUE(has_fields(events[0], as_in_the_guide)) << events[0];
}

TEST_F(Guide, KeyEventInputsResolved_FromSpill) {
  run_fourteen_movies(k_forced);
  const Json as_in_the_guide = {{"event", "inputs_resolved"},
                                {"step_id", "compute-stats"},
                                {"from_step", "extract-movies"},
                                {"rows", 14},
                                {"from_spill", true}};
  Json event = run().events("inputs_resolved").at(0);
  EXPECT_TRUE(has_fields(event, as_in_the_guide)) << event;
  EXPECT_EQ(event["from_memory"], false);
}

TEST_F(Guide, KeyEventRowsOut) {
  run_fourteen_movies();
  const Json as_in_the_guide = {{"event", "rows_out"}, {"step_id", "extract-movies"}, {"value", 14}};
  const std::vector<Json> events = run().events("rows_out");
  ASSERT_THAT(events, SizeIs(2)) << "a writer produces no DataFrame";
  EXPECT_TRUE(has_fields(events[0], as_in_the_guide)) << events[0];
}

// --- Common E2B Errors and Solutions

TEST_F(Guide, ErrorNoneType_AProcessorNeverRunsOnNothing) {
  prepare();
  Json command = m_session->exec_step("compute-stats");
  command["inputs"] = Json::object();
  Json complete = m_worker->ask(command);
  EXPECT_THAT(complete.value("error", ""), HasSubstr("duckdb.processor requires 'df' input"));
  EXPECT_EQ(complete["error_code"], "missing_input");
}

TEST_F(Guide, ErrorNoneType_Check1_OutputsIncludeDf) {
  prepare();
  EXPECT_EQ(exec("extract-movies")["outputs"]["df"], true);
}

TEST_F(Guide, ErrorNoneType_Check2_InputsComeFromNeeds) {
  run_movies();
  const Json manifest_needs = run().card_step("compute-stats")["needs"];
  for (const Json& command : run().commands()) {
    if (command.value("step_id", "") == "compute-stats") {
      EXPECT_EQ(command["inputs"]["df"]["from_step"], manifest_needs.at(0));
    }
    if (command.value("step_id", "") == "extract-movies") {
      EXPECT_EQ(command["inputs"], Json::object());
    }
  }
}

TEST_F(Guide, ErrorInputDfNotFound) {
  prepare();
  EXPECT_EQ(exec("compute-stats")["error"],
            "Input 'df' not found for step 'compute-stats': step 'extract-movies' left no DataFrame in memory "
            "(step_outputs) and no spill file at artifacts/extract-movies/output.parquet (it was not run).");
}

TEST_F(Guide, ErrorInputDfNotFound_Solution) {
  prepare();
  ASSERT_EQ(exec("compute-stats")["error_code"], "input_not_found");
  exec("extract-movies");
  EXPECT_FALSE(exec("compute-stats").contains("error"));
}

TEST_F(Guide, ErrorWriterRequiresDf) {
  prepare();
  Json command = m_session->exec_step("write-stats");
  command["inputs"] = Json::object();
  Json complete = m_worker->ask(command);
  EXPECT_THAT(complete.value("error", ""), HasSubstr("filesystem.csv_writer requires 'df' input"));
  EXPECT_FALSE(fs::exists(m_project / "out/directors.csv"));
}

// --- Run Card Structure

TEST_F(Guide, RunCardStructure_InMemory) {
  run_movies();
  const Json as_in_the_guide = {
      {"step_id", "extract-movies"}, {"has_df_in_memory", true}, {"spill_used", false}, {"spill_paths", nullptr}};
  Json step = run().card()["steps"].at(0);
  for (const auto& [name, value] : as_in_the_guide.items()) EXPECT_EQ(step.at(name), value) << name;
}

TEST_F(Guide, RunCardStructure_Spilled) {
  run_movies(k_forced);
  const Json as_in_the_guide = {
      {"step_id", "extract-movies"},
      {"has_df_in_memory", false},
      {"spill_used", true},
      {"spill_paths",
       {{"parquet", "artifacts/extract-movies/output.parquet"}, {"schema", "artifacts/extract-movies/schema.json"}}}};
  Json step = run().card()["steps"].at(0);
  for (const auto& [name, value] : as_in_the_guide.items()) EXPECT_EQ(step.at(name), value) << name;
}

// --- E2B vs Local Parity

// There is one executor: what the table says of E2B holds for a local run.
TEST_F(Guide, Parity_TheLocalTargetHasExplicitInputsAndSpillsOnDemand) {
  run_movies(k_forced);
  EXPECT_EQ(run().card()["target"], "local");
  EXPECT_EQ(run().events("inputs_resolved").at(0)["from_spill"], true);
  EXPECT_EQ(run().commands().at(2)["inputs"]["df"]["from_step"], "extract-movies");
}

TEST_F(Guide, Parity_ErrorMessagesHaveResolutionDetails) {
  prepare();
  Json complete = exec("write-stats");
  EXPECT_THAT(complete.value("error", ""), AllOf(HasSubstr("write-stats"), HasSubstr("compute-stats"),
                                                 HasSubstr("step_outputs"), HasSubstr("output.parquet")));
  EXPECT_NE(complete.value("hint", ""), "");
}

// --- Manifest Structure

TEST_F(Guide, ManifestStructure_CompilerGenerates) {
  run_movies();
  const std::string manifest = read_text(run().path() / "manifest.yaml");
  EXPECT_THAT(manifest, HasSubstr("steps:\n"));
  const std::size_t step = manifest.find("- id: compute-stats\n");
  ASSERT_NE(step, std::string::npos) << manifest;
  const std::string entry = manifest.substr(step, manifest.find("- id:", step + 1) - step);
  EXPECT_THAT(entry, AllOf(HasSubstr("driver: duckdb.processor\n"), HasSubstr("needs: [extract-movies]\n")));
  EXPECT_THAT(manifest, Not(HasSubstr("inputs"))) << "dependency only";
}

TEST_F(Guide, ManifestStructure_ProxyAdds) {
  run_movies();
  const Json as_in_the_guide = {{"cmd", "exec_step"},
                                {"step_id", "compute-stats"},
                                {"inputs", {{"df", {{"from_step", "extract-movies"}, {"key", "df"}}}}}};
  std::vector<Json> found;
  for (const Json& command : run().commands()) {
    if (command.value("step_id", "") == "compute-stats") found.push_back(command);
  }
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_TRUE(has_fields(found[0], as_in_the_guide)) << found[0];
}

}  // namespace
}  // namespace spillway::testing
