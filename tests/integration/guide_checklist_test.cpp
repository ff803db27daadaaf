#include <fstream>

#include "guide_fixture.hpp"

/// The runtime guide's "ProxyWorker Implementation Checklist", an entry a test. The steps are run one by one in
/// `spillway worker`, so that what is between them can be looked at and taken away. The rest is in guide_test.cpp.
///
/// handle_exec_step() Must
///   1 "Execute driver"                                     HandleExecStep1_ExecutesTheDriver
///   2 "Cache full result"                                  HandleExecStep2_CachesTheFullResult
///   3 "Check spill conditions"                             HandleExecStep3_ChecksSpillConditions
///   4 "If spilling: write parquet, save schema,
///      remove df from memory"                              HandleExecStep4_WritesParquetAndSchemaAndFreesMemory
///   5 "Store in cache"                                     HandleExecStep5_StoresInTheCache
///   6 "Emit metrics: rows_out for DataFrame producers"     HandleExecStep6_EmitsRowsOut
/// _resolve_inputs() Must
///   1 "Check inputs spec from command"                     ResolveInputs1_ReadsTheInputsOfTheCommand
///   2 "First check memory"                                 ResolveInputs2_MemoryComesFirst
///     "Fallback to spill"                                  ResolveInputs2_ThenTheSpillFile
///     "Error if neither found with clear message"          ResolveInputs2_ElseAnErrorThatNamesBoth
///   3 "Emit inputs_resolved event"                         ResolveInputs3_EmitsInputsResolved
/// _spill_df() Helper
///   1 "Write DataFrame to artifacts/<step_id>/output.parquet"   SpillDf1_WritesTheParquetFile
///   2 "Save schema.json with row_count, columns, dtypes"   SpillDf2_SavesTheSchema
///   3 "Emit artifact_created events"                       SpillDf3_EmitsArtifactCreated
///   4 "Return (parquet_path, schema_path, row_count)"      SpillDf4_GivesPathsAndRowCount
/// _load_df_from_spill() Helper
///   1 "Check self.step_outputs[step_id] for df_path"       LoadDfFromSpill1_AFileThatNoStepSpilledIsNotRead
///   2 "Read parquet file if exists"                        LoadDfFromSpill2_ReadsTheFileAsOftenAsAsked
///   3 "Return DataFrame or None"                           LoadDfFromSpill3_AMissingFileIsNoFrame
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const Json k_forced_setting{{"force_spill", true}};

std::string missing_movies(const std::string& why) {
  return "Input 'df' not found for step 'compute-stats': step 'extract-movies' left no DataFrame in memory "
         "(step_outputs) and no spill file at artifacts/extract-movies/output.parquet (" +
         why + ").";
}

// --- handle_exec_step() Must

TEST_F(Guide, HandleExecStep1_ExecutesTheDriver) {
  prepare();
  for (const char* step : {"extract-movies", "compute-stats", "write-stats"}) {
    Json complete = exec(step);
    EXPECT_EQ(complete["status"], "complete");
    EXPECT_EQ(complete["step_id"], step);
    EXPECT_FALSE(complete.contains("error")) << complete;
  }
  EXPECT_THAT(read_text(m_project / "out/directors.csv"), HasSubstr("director,films\n"));
}

TEST_F(Guide, HandleExecStep2_CachesTheFullResult) {
  prepare();
  Json outputs = exec("extract-movies")["outputs"];
  EXPECT_EQ(outputs["df"], true);
  EXPECT_EQ(outputs["rows_out"], k_guide_rows);
  EXPECT_EQ(outputs["has_df_in_memory"], true);
}

TEST_F(Guide, HandleExecStep3_ChecksSpillConditions) {
  prepare({{"spill_threshold_rows", k_guide_rows - 1}});
  EXPECT_EQ(exec("extract-movies")["outputs"]["spill_used"], true) << "14 rows";
  EXPECT_EQ(exec("compute-stats")["outputs"]["spill_used"], false) << "a director may have made several of the 14";
}

TEST_F(Guide, HandleExecStep4_WritesParquetAndSchemaAndFreesMemory) {
  prepare(k_forced_setting);
  Json outputs = exec("extract-movies")["outputs"];
  EXPECT_TRUE(fs::exists(movies_artifact("output.parquet")));
  EXPECT_TRUE(fs::exists(movies_artifact("schema.json")));
  EXPECT_EQ(outputs["has_df_in_memory"], false);
  EXPECT_EQ(outputs["spill_used"], true);
}

TEST_F(Guide, HandleExecStep5_StoresInTheCache) {
  prepare();
  exec("extract-movies");
  exec("compute-stats");
  const Json frames = m_worker->ask({{"cmd", "cleanup"}})["frames"];
  EXPECT_TRUE(frames.contains("extract-movies"));
  EXPECT_TRUE(frames.contains("compute-stats"));
}

TEST_F(Guide, HandleExecStep6_EmitsRowsOut) {
  prepare();
  exec("extract-movies");
  exec("compute-stats");
  exec("write-stats");
  const std::vector<Json> events = m_worker->events("rows_out");
  ASSERT_THAT(events, SizeIs(2)) << "a writer produces no DataFrame";
  EXPECT_EQ(events[0], Json({{"step_id", "extract-movies"}, {"value", k_guide_rows}}));
  std::vector<std::string> with_metric;
  for (const Json& message : m_worker->messages()) {
    if (message.value("type", "") == "metric" && message["name"] == "rows_out") {
      with_metric.push_back(message["tags"]["step_id"]);
    }
  }
  EXPECT_THAT(with_metric, ElementsAre("extract-movies", "compute-stats"));
}

// --- _resolve_inputs() Must

TEST_F(Guide, ResolveInputs1_ReadsTheInputsOfTheCommand) {
  prepare();
  exec("extract-movies");
  Json command = m_session->exec_step("compute-stats");
  command["inputs"]["df"]["from_step"] = "another-step";
  EXPECT_THAT(m_worker->ask(command).value("error", ""), HasSubstr("step 'another-step' left no DataFrame"));
  command["inputs"]["df"] = {{"from_step", "extract-movies"}, {"key", "rows"}};
  EXPECT_THAT(m_worker->ask(command).value("error", ""), HasSubstr("step 'extract-movies' has no output 'rows'"));
  command["inputs"]["df"] = {{"from_step", "extract-movies"}};
  EXPECT_FALSE(m_worker->ask(command).contains("error")) << "the key is df unless it says otherwise";
}

TEST_F(Guide, ResolveInputs2_MemoryComesFirst) {
  prepare();
  exec("extract-movies");
  std::ofstream(movies_artifact("output.parquet")) << "no Parquet file";
  EXPECT_FALSE(exec("compute-stats").contains("error"));
  EXPECT_EQ(m_worker->events("inputs_resolved").at(0)["from_memory"], true);
}

TEST_F(Guide, ResolveInputs2_ThenTheSpillFile) {
  prepare(k_forced_setting);
  exec("extract-movies");
  EXPECT_FALSE(exec("compute-stats").contains("error"));
  Json event = m_worker->events("inputs_resolved").at(0);
  EXPECT_EQ(event["from_spill"], true);
  EXPECT_EQ(event["artifact"], "artifacts/extract-movies/output.parquet");
}

TEST_F(Guide, ResolveInputs2_ElseAnErrorThatNamesBoth) {
  prepare();
  EXPECT_EQ(exec("compute-stats")["error"], missing_movies("it was not run"));
  fs::rename(m_project / "examples/movies/data/movies.json", m_project / "hidden.json");
  EXPECT_TRUE(exec("extract-movies").contains("error"));
  EXPECT_EQ(exec("compute-stats")["error"], missing_movies("it failed"));
}

TEST_F(Guide, ResolveInputs2_AWriterLeavesNoFrame) {
  prepare();
  for (const char* step : {"extract-movies", "compute-stats", "write-stats"}) exec(step);
  Json command = m_session->exec_step("compute-stats");
  command["inputs"]["df"]["from_step"] = "write-stats";
  EXPECT_THAT(m_worker->ask(command).value("error", ""), HasSubstr("(it produced none)"));
}

TEST_F(Guide, ResolveInputs3_EmitsInputsResolved) {
  prepare();
  exec("extract-movies");
  exec("compute-stats");
  EXPECT_THAT(m_worker->events("inputs_resolved"), ElementsAre(Json({{"step_id", "compute-stats"},
                                                                     {"from_step", "extract-movies"},
                                                                     {"key", "df"},
                                                                     {"rows", k_guide_rows},
                                                                     {"from_memory", true},
                                                                     {"from_spill", false}})));
}

// --- _spill_df() Helper

TEST_F(Guide, SpillDf1_WritesTheParquetFile) {
  prepare(k_forced_setting);
  exec("extract-movies");
  const std::string bytes = read_text(movies_artifact("output.parquet"));
  EXPECT_TRUE(bytes.starts_with("PAR1") && bytes.ends_with("PAR1"));
}

TEST_F(Guide, SpillDf2_SavesTheSchema) {
  prepare(k_forced_setting);
  exec("extract-movies");
  exec("compute-stats");
  Json schema = read_json(m_session->artifact("compute-stats", "schema.json"));
  EXPECT_EQ(schema["columns"], Json({"director", "films"}));
  EXPECT_EQ(schema["dtypes"], Json({{"director", "VARCHAR"}, {"films", "BIGINT"}}));
  EXPECT_EQ(read_json(movies_artifact("schema.json"))["row_count"], k_guide_rows);
}

TEST_F(Guide, SpillDf3_EmitsArtifactCreated) {
  prepare(k_forced_setting);
  exec("extract-movies");
  std::map<std::string, Json> created;
  for (const Json& event : m_worker->events("artifact_created")) created[event["artifact_type"]] = event;
  for (const auto& [type, name] : {std::pair{"parquet", "output.parquet"}, std::pair{"schema", "schema.json"}}) {
    ASSERT_TRUE(created.contains(type)) << type;
    EXPECT_EQ(created[type]["path"], std::string("artifacts/extract-movies/") + name);
    EXPECT_EQ(created[type]["size_bytes"], fs::file_size(movies_artifact(name)));
  }
}

TEST_F(Guide, SpillDf4_GivesPathsAndRowCount) {
  prepare(k_forced_setting);
  Json outputs = exec("extract-movies")["outputs"];
  EXPECT_EQ(outputs["spill_paths"], Json({{"parquet", "artifacts/extract-movies/output.parquet"},
                                          {"schema", "artifacts/extract-movies/schema.json"}}));
  EXPECT_EQ(outputs["rows_out"], k_guide_rows);
  EXPECT_EQ(m_worker->events("frame_spilled").at(0)["rows"], k_guide_rows);
}

// --- _load_df_from_spill() Helper

TEST_F(Guide, LoadDfFromSpill1_AFileThatNoStepSpilledIsNotRead) {
  prepare(k_forced_setting);
  exec("extract-movies");
  fs::create_directories(m_session->dir() / "artifacts/other-step");
  fs::copy_file(movies_artifact("output.parquet"), m_session->artifact("other-step", "output.parquet"));
  Json command = m_session->exec_step("compute-stats");
  command["inputs"]["df"]["from_step"] = "other-step";
  EXPECT_THAT(m_worker->ask(command).value("error", ""), HasSubstr("(it was not run)"));
}

TEST_F(Guide, LoadDfFromSpill2_ReadsTheFileAsOftenAsAsked) {
  prepare(k_forced_setting);
  exec("extract-movies");
  for (int reading = 0; reading < 2; ++reading) {
    EXPECT_EQ(exec("compute-stats")["outputs"]["rows_in"], k_guide_rows) << reading;
  }
}

TEST_F(Guide, LoadDfFromSpill3_AMissingFileIsNoFrame) {
  prepare(k_forced_setting);
  exec("extract-movies");
  fs::rename(movies_artifact("output.parquet"), movies_artifact("output.away"));
  EXPECT_EQ(exec("compute-stats")["error"], missing_movies("the file is gone"));
  fs::rename(movies_artifact("output.away"), movies_artifact("output.parquet"));
  EXPECT_FALSE(exec("compute-stats").contains("error")) << "the reference is kept";
}

}  // namespace
}  // namespace spillway::testing
