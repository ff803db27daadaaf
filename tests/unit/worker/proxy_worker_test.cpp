#include "worker/proxy_worker.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include "support/recording_sink.hpp"
#include "support/temp_dir.hpp"
#include "util/error.hpp"
#include "util/file.hpp"

namespace spillway::worker {
namespace {

namespace fs = std::filesystem;
using protocol::Json;

constexpr auto k_endless_query =
    "SELECT count(*) AS n FROM range(100000000000) a, range(100000000000) b WHERE a.range + b.range = -1";

/// A processor whose query is run as it is.
class SqlDriver : public drivers::Driver {
 public:
  drivers::StepResult run(drivers::StepContext& context) const override {
    for (const frame::ResolvedInput& input : context.inputs) {
      context.connection.execute("CREATE TEMP VIEW " + input.key + " AS " + input.select_sql);
    }
    engine::Relation relation;
    relation.sql = context.config.at("query").get<std::string>();
    return {.df = std::move(relation)};
  }
};

/// A writer that counts its input and writes nothing.
class CountingWriter : public drivers::Driver {
 public:
  drivers::StepResult run(drivers::StepContext& context) const override {
    return {
        .df = {},
        .rows_written = context.connection.count("SELECT count(*) FROM (" + context.inputs.at(0).select_sql + ")")};
  }
};

drivers::DriverRegistry test_drivers() {
  drivers::DriverRegistry registry;
  registry["filesystem.json_extractor"] = std::make_unique<SqlDriver>();
  registry["duckdb.processor"] = std::make_unique<SqlDriver>();
  registry["filesystem.csv_writer"] = std::make_unique<CountingWriter>();
  return registry;
}

class ProxyWorkerTest : public ::testing::Test {
 protected:
  ProxyWorkerTest() { fs::create_directories(m_dir / "cfg"); }

  void add_step(const std::string& id, const std::string& driver, Json config) {
    config["component"] = driver;
    write_file_atomically(m_dir / ("cfg/" + id + ".json"), config.dump(), Durability::process);
    m_manifest["steps"].push_back({{"id", id}, {"driver", driver}, {"cfg_path", "cfg/" + id + ".json"}});
    m_driver_of[id] = driver;
  }
  void prepare(Json settings = Json::object()) {
    settings["session_dir"] = m_dir.path().string();
    m_worker.handle(protocol::PrepareCommand{"run_1", m_manifest, Json::object(), std::move(settings)});
  }
  void exec(const std::string& id, std::map<std::string, protocol::InputRef> inputs = {}) {
    m_worker.handle(protocol::ExecStepCommand{id, m_driver_of[id], "cfg/" + id + ".json", std::move(inputs)});
  }
  protocol::ExecStepCommand streamed(const std::string& id, std::optional<std::vector<std::string>> after,
                                     std::map<std::string, protocol::InputRef> inputs = {}) {
    return {id, m_driver_of[id], "cfg/" + id + ".json", std::move(inputs), std::move(after), /*is_streamed=*/true};
  }
  void stream_movies_to_stats() {
    m_worker.handle(streamed("extract-movies", {}));
    m_sink.wait_for_event("stream_opened");
    exec("compute-stats", {{"df", {"extract-movies", "df"}}});
  }
  void add_movies() {
    add_step("extract-movies", "filesystem.json_extractor", {{"query", "SELECT range AS id FROM range(14)"}});
    add_step("compute-stats", "duckdb.processor", {{"query", "SELECT count(*) AS films FROM df"}});
    add_step("write-stats", "filesystem.csv_writer", {{"path", "out.csv"}});
  }

  testing::TempDir m_dir;
  testing::RecordingSink m_sink;
  drivers::DriverRegistry m_drivers = test_drivers();
  Json m_manifest = {{"steps", Json::array()}};
  std::map<std::string, std::string> m_driver_of;
  ProxyWorker m_worker{m_sink, m_drivers};
};

const std::map<std::string, protocol::InputRef> k_from_movies{{"df", {"extract-movies", "df"}}};
const std::map<std::string, protocol::InputRef> k_from_stats{{"df", {"compute-stats", "df"}}};

TEST_F(ProxyWorkerTest, PingIsAnsweredWithItsData) {
  m_worker.handle(protocol::PingCommand{{{"n", 1}}});
  EXPECT_EQ(m_sink.answer("pong")["echo"], Json({{"n", 1}}));
}

TEST_F(ProxyWorkerTest, PrepareAnswersReadyWithProtocolAndDrivers) {
  prepare();
  const Json ready = m_sink.answer("ready");
  EXPECT_EQ(ready["session_id"], "run_1");
  EXPECT_EQ(ready["session_dir"], m_dir.path().string());
  EXPECT_EQ(ready["protocol"], protocol::k_version);
  EXPECT_EQ(ready["drivers_loaded"].size(), m_drivers.size());
  EXPECT_EQ(m_sink.events("session_initialized").size(), 1U);
}

TEST_F(ProxyWorkerTest, GuideExecStepEmitsItsEventsInOrder) {
  add_movies();
  prepare();
  exec("extract-movies");
  EXPECT_EQ(m_sink.answer("complete")["rows_processed"], 14);
  exec("compute-stats", k_from_movies);
  m_sink.answer("complete", 2);
  const std::vector<std::string> expected{"session_initialized",
                                          "step_start",
                                          "cfg_opened",
                                          "artifacts_dir_created",
                                          "config_meta_stripped",
                                          "artifact_created",
                                          "rows_out",
                                          "step_complete",
                                          "step_start",
                                          "cfg_opened",
                                          "artifacts_dir_created",
                                          "config_meta_stripped",
                                          "artifact_created",
                                          "inputs_resolved",
                                          "rows_out",
                                          "step_complete"};
  EXPECT_EQ(m_sink.event_names(), expected);
}

TEST_F(ProxyWorkerTest, GuideExecStepCachesTheFullResultUntilCleanup) {
  add_movies();
  prepare();
  exec("extract-movies");
  m_sink.answer("complete");
  for (std::size_t reader = 2; reader < 5; ++reader) {
    exec("compute-stats", k_from_movies);
    EXPECT_FALSE(m_sink.answer("complete", reader).contains("error")) << "a frame can be read again and again";
  }
}

TEST_F(ProxyWorkerTest, StepsThatAreSentAheadRunWhenTheirTurnComes) {
  add_movies();
  prepare({{"max_running_steps", 1U}});
  const auto send_ahead = [this](const std::string& id, std::vector<std::string> after,
                                 std::map<std::string, protocol::InputRef> inputs) {
    m_worker.handle(protocol::ExecStepCommand{id, m_driver_of[id], "cfg/" + id + ".json", std::move(inputs), after});
  };
  // In whatever order they come.
  send_ahead("write-stats", {"compute-stats"}, k_from_stats);
  send_ahead("compute-stats", {"extract-movies"}, k_from_movies);
  send_ahead("extract-movies", {}, {});
  EXPECT_EQ(m_sink.answer("complete", 1)["step_id"], "extract-movies");
  EXPECT_EQ(m_sink.answer("complete", 2)["step_id"], "compute-stats");
  EXPECT_EQ(m_sink.answer("complete", 3)["step_id"], "write-stats");
}

TEST_F(ProxyWorkerTest, OfStepsThatWereSentAheadNoneStartsAfterAFailure) {
  add_step("bad", "duckdb.processor", {{"query", "SELECT nothing"}});
  add_step("after", "duckdb.processor", {{"query", "SELECT 1 AS a"}});
  add_step("other", "duckdb.processor", {{"query", "SELECT 1 AS a"}});
  prepare({{"max_running_steps", 1U}});
  for (const auto& [id, after] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"bad", {}}, {"after", {"bad"}}, {"other", {}}}) {
    m_worker.handle(protocol::ExecStepCommand{id, m_driver_of[id], "cfg/" + id + ".json", {}, after});
  }
  const Json complete = m_sink.answer("complete");
  EXPECT_TRUE(complete.contains("error")) << complete;
  m_worker.handle(protocol::CleanupCommand{});
  EXPECT_EQ(m_sink.answer("cleaned")["steps_executed"], 0);
  EXPECT_EQ(m_sink.events("step_start").size(), 1U);
}

TEST_F(ProxyWorkerTest, ACancelForgetsWhatWasSentAhead) {
  add_movies();
  prepare();
  m_worker.handle(protocol::ExecStepCommand{"compute-stats", m_driver_of["compute-stats"], "cfg/compute-stats.json",
                                            k_from_movies, std::vector<std::string>{"extract-movies"}});
  m_worker.handle(protocol::CancelCommand{});
  exec("extract-movies");
  m_sink.answer("complete");
  m_worker.handle(protocol::CleanupCommand{});
  EXPECT_EQ(m_sink.answer("cleaned")["steps_executed"], 1);
}

TEST_F(ProxyWorkerTest, ACleanupThatIsSentAheadWaitsForTheSteps) {
  add_movies();
  prepare({{"max_running_steps", 1U}});
  const std::vector<std::string> none;
  m_worker.handle(protocol::ExecStepCommand{
      "extract-movies", m_driver_of["extract-movies"], "cfg/extract-movies.json", {}, none});
  m_worker.handle(protocol::ExecStepCommand{"compute-stats", m_driver_of["compute-stats"], "cfg/compute-stats.json",
                                            k_from_movies, std::vector<std::string>{"extract-movies"}});
  m_worker.handle(protocol::CleanupCommand{true});
  m_worker.handle(protocol::PingCommand{1});
  EXPECT_EQ(m_sink.answer("cleaned")["steps_executed"], 2);
  EXPECT_EQ(m_sink.answer("pong")["echo"], 1);
  prepare();
  m_sink.answer("ready", 2);  // the session before has ended
}

TEST_F(ProxyWorkerTest, ACancelReachesStepsAlsoWhenCleanupWasSentAhead) {
  add_step("slow", "duckdb.processor", {{"query", k_endless_query}});
  prepare();
  m_worker.handle(
      protocol::ExecStepCommand{"slow", m_driver_of["slow"], "cfg/slow.json", {}, std::vector<std::string>{}});
  m_worker.handle(protocol::CleanupCommand{true});
  m_worker.handle(protocol::CancelCommand{});
  EXPECT_EQ(m_sink.answer("complete")["error_code"], "cancelled");
  EXPECT_EQ(m_sink.answer("cleaned")["steps_executed"], 0);
}

TEST_F(ProxyWorkerTest, RowsOutIsEmittedAlsoForNoRows) {
  add_step("none", "duckdb.processor", {{"query", "SELECT 1 AS a WHERE false"}});
  prepare();
  exec("none");
  m_sink.answer("complete");
  EXPECT_EQ(m_sink.events("rows_out")[0], Json({{"step_id", "none"}, {"value", 0}}));
}

TEST_F(ProxyWorkerTest, CompleteTellsWhereTheFrameIs) {
  add_movies();
  prepare({{"force_spill", true}});
  exec("extract-movies");
  const Json outputs = m_sink.answer("complete")["outputs"];
  EXPECT_EQ(outputs["has_df_in_memory"], false);
  EXPECT_EQ(outputs["spill_used"], true);
  EXPECT_EQ(outputs["spill_paths"], Json({{"parquet", "artifacts/extract-movies/output.parquet"},
                                          {"schema", "artifacts/extract-movies/schema.json"}}));
}

TEST_F(ProxyWorkerTest, ARemovedOutputIsAClearErrorAndTheWorkerGoesOn) {
  add_movies();
  prepare({{"force_spill", true}});
  exec("extract-movies");
  m_sink.answer("complete");
  fs::remove(m_dir / "artifacts/extract-movies/output.parquet");
  exec("compute-stats", k_from_movies);
  const Json failed = m_sink.answer("complete", 2);
  EXPECT_EQ(failed["error"],
            "Input 'df' not found for step 'compute-stats': step 'extract-movies' left no DataFrame in memory "
            "(step_outputs) and no spill file at artifacts/extract-movies/output.parquet (the file is gone).");
  EXPECT_EQ(failed["error_code"], "input_not_found");
  m_worker.handle(protocol::PingCommand{1});
  EXPECT_EQ(m_sink.answer("pong")["echo"], 1);
}

TEST_F(ProxyWorkerTest, AMissingInputSaysWhatBecameOfTheStep) {
  add_movies();
  add_step("broken", "duckdb.processor", {{"query", "SELECT error('boom')"}});
  prepare();
  exec("compute-stats", k_from_movies);
  EXPECT_NE(m_sink.answer("complete")["error"].get<std::string>().find("(it was not run)"), std::string::npos);
  exec("broken");
  m_sink.answer("complete", 2);
  exec("compute-stats", {{"df", {"broken", "df"}}});
  EXPECT_NE(m_sink.answer("complete", 3)["error"].get<std::string>().find("(it failed)"), std::string::npos);
  exec("extract-movies");
  m_sink.answer("complete", 4);
  exec("write-stats", k_from_movies);
  m_sink.answer("complete", 5);
  exec("compute-stats", {{"df", {"write-stats", "df"}}});
  EXPECT_NE(m_sink.answer("complete", 6)["error"].get<std::string>().find("(it produced none)"), std::string::npos);
}

TEST_F(ProxyWorkerTest, AFailedStepIsReportedWithItsCode) {
  add_step("broken", "duckdb.processor", {{"query", "SELECT missing FROM range(3)"}});
  prepare();
  exec("broken");
  EXPECT_EQ(m_sink.answer("complete")["error_code"], "sql");
  const Json event = m_sink.events("step_failed")[0];
  EXPECT_EQ(event["step_id"], "broken");
  EXPECT_EQ(event["error_type"], "sql");
  EXPECT_EQ(event["attempt"], 1);
}

TEST_F(ProxyWorkerTest, TotalRowsAreWhatWritersWrote) {
  add_movies();
  prepare();
  exec("extract-movies");
  m_sink.answer("complete");
  exec("compute-stats", k_from_movies);
  m_sink.answer("complete", 2);
  exec("write-stats", k_from_stats);
  EXPECT_EQ(m_sink.answer("complete", 3)["rows_processed"], 1);
  m_worker.handle(protocol::CleanupCommand{});
  const Json cleaned = m_sink.answer("cleaned");
  EXPECT_EQ(cleaned["total_rows"], 1);
  EXPECT_EQ(cleaned["steps_executed"], 3);
  EXPECT_EQ(cleaned["frames"]["extract-movies"]["has_df_in_memory"], true);
}

TEST_F(ProxyWorkerTest, TotalRowsAreWhatExtractorsReadWithoutAWriter) {
  add_movies();
  prepare();
  exec("extract-movies");
  m_sink.answer("complete");
  m_worker.handle(protocol::CleanupCommand{});
  EXPECT_EQ(m_sink.answer("cleaned")["total_rows"], 14);
}

TEST_F(ProxyWorkerTest, CancelEndsARunningStep) {
  add_step("endless", "duckdb.processor", {{"query", k_endless_query}});
  prepare();
  exec("endless");
  m_worker.handle(protocol::CancelCommand{"endless"});
  EXPECT_EQ(m_sink.answer("complete")["error_code"], "cancelled");
}

TEST_F(ProxyWorkerTest, AWorkerThatIsDestroyedCancelsWhatRuns) {
  add_step("endless", "duckdb.processor", {{"query", k_endless_query}});
  ProxyWorker worker(m_sink, m_drivers);
  worker.handle(
      protocol::PrepareCommand{"run_2", m_manifest, Json::object(), {{"session_dir", m_dir.path().string()}}});
  worker.handle(protocol::ExecStepCommand{"endless", "duckdb.processor", "cfg/endless.json", {}});
}

TEST_F(ProxyWorkerTest, StepsRunSideBySide) {
  for (const char* id : {"a", "b", "c", "d"}) {
    add_step(id, "duckdb.processor", {{"query", "SELECT sum(range) AS n FROM range(5000000)"}});
  }
  prepare();
  for (const char* id : {"a", "b", "c", "d"}) exec(id);
  for (std::size_t count = 1; count <= 4; ++count) EXPECT_FALSE(m_sink.answer("complete", count).contains("error"));
}

TEST_F(ProxyWorkerTest, AStreamedStepIsReadWhileItRuns) {
  add_movies();
  prepare();
  stream_movies_to_stats();
  for (std::size_t count = 1; count <= 2; ++count) EXPECT_FALSE(m_sink.answer("complete", count).contains("error"));
  m_worker.handle(protocol::CleanupCommand{});
  const Json frames = m_sink.answer("cleaned")["frames"];
  EXPECT_FALSE(frames.contains("extract-movies"));
  EXPECT_EQ(frames["compute-stats"]["has_df_in_memory"], true);
  EXPECT_EQ(m_sink.events("rows_out").size(), 2U);
}

TEST_F(ProxyWorkerTest, StreamsThatWereSentAheadNeedNoPlaceOfTheirOwn) {
  add_movies();
  prepare({{"max_running_steps", 1}});
  m_worker.handle(streamed("extract-movies", std::vector<std::string>{}));
  m_worker.handle(streamed("compute-stats", std::vector<std::string>{"extract-movies"}, k_from_movies));
  protocol::ExecStepCommand write{"write-stats", m_driver_of["write-stats"], "cfg/write-stats.json", k_from_stats};
  write.after = {"compute-stats"};
  m_worker.handle(write);
  m_worker.handle(protocol::CleanupCommand{true});
  const Json cleaned = m_sink.answer("cleaned");
  EXPECT_EQ(cleaned["steps_executed"], 3);
  EXPECT_EQ(cleaned["total_rows"], 1);
  EXPECT_EQ(cleaned["frames"], Json::object());
}

TEST_F(ProxyWorkerTest, TheStepThatFailedTellsItBeforeTheOneThatReadsIt) {
  add_step("extract-movies", "filesystem.json_extractor",
           {{"query", "SELECT CASE WHEN range = 99999 THEN error('torn') ELSE range END AS id FROM range(100000)"}});
  add_step("compute-stats", "duckdb.processor", {{"query", "SELECT count(*) AS films FROM df"}});
  prepare();
  stream_movies_to_stats();
  EXPECT_EQ(m_sink.answer("complete")["step_id"], "extract-movies");
  const Json reader = m_sink.answer("complete", 2);
  EXPECT_EQ(reader["step_id"], "compute-stats");
  EXPECT_EQ(reader["error"], "cancelled: step 'extract-movies', whose rows it reads, failed");
  EXPECT_EQ(reader["error_code"], "cancelled");
}

TEST_F(ProxyWorkerTest, WhenTheReaderFailsTheStreamIsCancelledAfterIt) {
  add_step("extract-movies", "filesystem.json_extractor",
           {{"query", "SELECT range AS id FROM range(1000000000000)"}});
  add_step("compute-stats", "duckdb.processor", {{"query", "SELECT nothing FROM df"}});
  prepare();
  stream_movies_to_stats();
  EXPECT_EQ(m_sink.answer("complete")["step_id"], "compute-stats");
  const Json maker = m_sink.answer("complete", 2);
  EXPECT_EQ(maker["step_id"], "extract-movies");
  EXPECT_EQ(maker["error_code"], "cancelled");
}

TEST_F(ProxyWorkerTest, CommandsOutOfPlaceAreAnsweredWithAnError) {
  exec("x");
  EXPECT_EQ(m_sink.answer("error")["error"], "cannot run step 'x': send prepare first");
  m_worker.handle(protocol::CleanupCommand{});
  EXPECT_EQ(m_sink.answer("error", 2)["error"], "there is no session to clean up");
  prepare();
  prepare();
  EXPECT_EQ(m_sink.answer("error", 3)["error"], "a session is open: send cleanup before another prepare");
}

TEST_F(ProxyWorkerTest, AnUnknownDriverFailsItsStep) {
  add_step("odd", "mysql.extractor", Json::object());
  prepare();
  exec("odd");
  EXPECT_EQ(m_sink.answer("complete")["error"], "cannot run step 'odd': there is no driver 'mysql.extractor'");
}

TEST_F(ProxyWorkerTest, AMissingConfigFailsItsStep) {
  add_movies();
  fs::remove(m_dir / "cfg/extract-movies.json");
  prepare();
  exec("extract-movies");
  EXPECT_EQ(m_sink.answer("complete")["error_code"], "file_not_found");
}

TEST_F(ProxyWorkerTest, TheCleanedConfigMasksSecretsAndLacksMetaKeys) {
  add_step("s", "duckdb.processor", {{"query", "SELECT 1 AS a"}, {"password", "hunter2-secret"}});
  prepare();
  exec("s");
  m_sink.answer("complete");
  const std::string text = value_or_throw(read_file(m_dir / "artifacts/s/cleaned_config.json"));
  EXPECT_EQ(Json::parse(text), Json({{"query", "SELECT 1 AS a"}, {"password", "***"}}));
  EXPECT_EQ(m_sink.events("config_meta_stripped")[0]["keys_removed"], Json({"component"}));
}

TEST_F(ProxyWorkerTest, SqlSeesOnlyWhatTheManifestNames) {
  add_step("passwd", "duckdb.processor", {{"query", "SELECT * FROM read_text('/etc/passwd')"}});
  prepare();
  exec("passwd");
  EXPECT_EQ(m_sink.answer("complete")["error_code"], "access_denied");
}

TEST_F(ProxyWorkerTest, TheTemporaryFolderIsGoneAfterCleanup) {
  add_movies();
  prepare();
  m_worker.handle(protocol::CleanupCommand{});
  m_sink.answer("cleaned");
  EXPECT_FALSE(fs::exists(m_dir / "tmp"));
}

TEST_F(ProxyWorkerTest, ABadSettingFailsPrepare) {
  prepare({{"threads", "many"}});
  EXPECT_EQ(m_sink.answer("error")["error_code"], "protocol");
}

}  // namespace
}  // namespace spillway::worker
