#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker_session.hpp"

/// `spillway worker`: the commands of contracts.md as another program would send them, in the right order and in
/// every wrong one.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::size_t k_max_line_bytes = std::size_t{16} * 1024 * 1024;
/// Runs for hours unless it is cancelled.
constexpr auto k_endless_sql =
    "SELECT sum(a.range * b.range) AS s FROM df, range(1000000000) AS a, range(1000000000) AS b";

const Json k_ping{{"cmd", "ping"}, {"data", "still there?"}};
const Json k_cleanup{{"cmd", "cleanup"}};

class WorkerStream : public ::testing::Test {
 protected:
  void SetUp() override {
    m_project.write("films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n3,Clue,1985\n");
    m_worker.emplace(m_project.path());
  }

  static std::vector<Step> films(const std::string& query = "SELECT year, count(*) AS films FROM df GROUP BY ALL") {
    return {csv_extractor("extract-films", "films.csv"), processor("compute-stats", query + " ORDER BY ALL"),
            csv_writer("write-stats", "out/stats.csv")};
  }

  /// Sends a line that is no command and returns the error it is answered with.
  std::string refused(const std::string& line) {
    m_worker->send_bytes(line + "\n");
    Json answer = m_worker->answer();
    EXPECT_EQ(answer["status"], "error");
    EXPECT_EQ(answer.value("error_code", ""), "protocol");
    EXPECT_EQ(m_worker->ask(k_ping)["echo"], "still there?") << "the worker goes on";
    return answer.value("error", "");
  }

  Project m_project;
  std::optional<WorkerProcess> m_worker;
};

TEST_F(WorkerStream, APipelineStepByStep) {
  const WorkerSession session(m_project, films());
  EXPECT_EQ(m_worker->ask(k_ping)["echo"], "still there?");

  Json ready = session.prepare(*m_worker);
  EXPECT_EQ(ready["status"], "ready");
  EXPECT_EQ(ready["session_id"], "run_1");
  EXPECT_EQ(ready["session_dir"], session.dir().string());
  EXPECT_THAT(ready["drivers_loaded"], Contains("duckdb.processor"));
  EXPECT_TRUE(ready["protocol"].is_number_integer());
  EXPECT_TRUE(ready["version"].is_string());

  for (const char* step : {"extract-films", "compute-stats", "write-stats"}) {
    Json complete = m_worker->ask(session.exec_step(step));
    EXPECT_EQ(complete["status"], "complete");
    EXPECT_EQ(complete["step_id"], step);
    EXPECT_TRUE(complete["duration_ms"].is_number_unsigned());
    EXPECT_TRUE(complete["outputs"].is_object());
    EXPECT_FALSE(complete.contains("error")) << complete;
  }
  EXPECT_EQ(read_text(m_project / "out/stats.csv"), "year,films\n1979,1\n1985,2\n");

  Json cleaned = m_worker->ask(k_cleanup);
  EXPECT_EQ(cleaned["status"], "cleaned");
  EXPECT_EQ(cleaned["session_id"], "run_1");
  EXPECT_EQ(cleaned["steps_executed"], 3);
  EXPECT_EQ(cleaned["total_rows"], 2) << "what the writer wrote";
  m_worker->close_input();
  EXPECT_EQ(m_worker->wait(), 0);
}

TEST_F(WorkerStream, EveryMessageIsAnAnswerAnEventOrAMetric) {
  const WorkerSession session(m_project, films());
  session.prepare(*m_worker);
  for (const char* step : {"extract-films", "compute-stats", "write-stats"}) m_worker->ask(session.exec_step(step));
  m_worker->ask(k_cleanup);
  for (const Json& message : m_worker->messages()) {
    if (message.contains("status")) continue;
    const std::string type = message.value("type", "");
    EXPECT_TRUE(type == "event" || type == "metric") << message;
    EXPECT_TRUE(message["name"].is_string()) << message;
    EXPECT_TRUE(message["timestamp"].is_string()) << message;
    EXPECT_TRUE(message[type == "event" ? "data" : "tags"].is_object()) << message;
  }
}

TEST_F(WorkerStream, NoCellOfADataFrameIsInAMessage) {
  m_project.write("films.csv", "id,title\n1,needle-7f3a\n");
  const WorkerSession session(m_project, films("SELECT * FROM df"));
  session.prepare(*m_worker);
  for (const char* step : {"extract-films", "compute-stats", "write-stats"}) m_worker->ask(session.exec_step(step));
  m_worker->ask(k_cleanup);
  ASSERT_THAT(read_text(m_project / "out/stats.csv"), HasSubstr("needle-7f3a"));
  for (const Json& message : m_worker->messages()) EXPECT_THAT(message.dump(), Not(HasSubstr("needle-7f3a")));
}

// What commands.jsonl records is what was sent: sent again, it gives the same files.
TEST_F(WorkerStream, TheRecordedCommandsOfARunCanBeReplayed) {
  m_project.write_pipeline(films());
  expect_success(m_project, m_project.run());
  const std::string stats = read_text(m_project / "out/stats.csv");
  fs::remove(m_project / "out/stats.csv");
  for (const Json& command : m_project.latest_run().commands()) {
    EXPECT_FALSE(m_worker->ask(command).contains("error")) << command;
  }
  EXPECT_EQ(read_text(m_project / "out/stats.csv"), stats);
}

TEST_F(WorkerStream, AMissingUpstreamFileFailsTheStepAndNotTheWorker) {
  const WorkerSession session(m_project, films(), {{"force_spill", true}});
  session.prepare(*m_worker);
  m_worker->ask(session.exec_step("extract-films"));
  ASSERT_TRUE(fs::remove(session.artifact("extract-films", "output.parquet")));
  Json complete = m_worker->ask(session.exec_step("compute-stats"));
  EXPECT_EQ(complete["status"], "complete");
  EXPECT_EQ(complete["error"],
            "Input 'df' not found for step 'compute-stats': step 'extract-films' left no DataFrame in memory "
            "(step_outputs) and no spill file at artifacts/extract-films/output.parquet (the file is gone).");
  EXPECT_EQ(complete["error_type"], "input");
  EXPECT_EQ(complete["error_code"], "input_not_found");
  EXPECT_EQ(complete["hint"], "run step 'extract-films' again, or remove it from the needs of 'compute-stats'");
  EXPECT_EQ(m_worker->ask(k_ping)["status"], "pong");
  EXPECT_FALSE(m_worker->ask(session.exec_step("extract-films")).contains("error")) << "the hint helps";
  EXPECT_FALSE(m_worker->ask(session.exec_step("compute-stats")).contains("error"));
}

TEST_F(WorkerStream, AMalformedLine) {
  EXPECT_EQ(refused(R"({"cmd": "ping")"), R"(line is no JSON object: {"cmd": "ping")");
  EXPECT_EQ(refused("[1, 2]"), "line is no JSON object: [1, 2]");
  EXPECT_THAT(refused("\xff\xfe{}"), HasSubstr("line is no JSON object"));
  EXPECT_THAT(refused(std::string("{\0}", 3)), HasSubstr("line is no JSON object"));
}

TEST_F(WorkerStream, ADeeplyNestedLine) {
  constexpr std::size_t k_depth = 1'000'000;
  const std::string nested = std::string(k_depth, '[') + std::string(k_depth, ']');
  EXPECT_EQ(refused(R"({"cmd": "ping", "data": )" + nested + "}"), "line is nested more than 128 levels deep");
}

TEST_F(WorkerStream, AnOverLongLine) {
  EXPECT_EQ(refused(std::string(k_max_line_bytes + 1, 'x')), "line is longer than the limit of 16777216 bytes");
  EXPECT_EQ(refused(R"({"cmd": "ping", "data": ")" + std::string(2 * k_max_line_bytes, 'x') + "\"}"),
            "line is longer than the limit of 16777216 bytes");
}

TEST_F(WorkerStream, TheLongestLine) {
  const std::string start = R"({"cmd": "cancel", "padding": ")";
  const std::string padding(k_max_line_bytes - start.size() - 2, 'x');
  m_worker->send_bytes(start + padding + "\"}\n");
  EXPECT_EQ(m_worker->ask(k_ping)["status"], "pong") << "nothing is wrong with it";
}

TEST_F(WorkerStream, AnUnknownCommand) {
  EXPECT_EQ(refused(R"({"cmd": "explode"})"),
            "unknown command 'explode'; known are ping, prepare, exec_step, cancel, cleanup, resume, "
            "files_start, files_data, files_at, files_inline, files_end");
  EXPECT_EQ(refused(R"({"command": "ping"})"), "command without the string 'cmd'");
  EXPECT_EQ(refused(R"({"cmd": 7})"), "command without the string 'cmd'");
}

TEST_F(WorkerStream, UnknownFieldsAreIgnored) {
  const WorkerSession session(m_project, films());
  Json prepare = session.prepare_command();
  prepare["colour"] = "blue";
  prepare["settings"]["colour"] = "blue";
  prepare["manifest"]["steps"][0]["colour"] = "blue";
  EXPECT_EQ(m_worker->ask(prepare)["status"], "ready");
  Json exec = session.exec_step("extract-films");
  exec["colour"] = {{"of", "the sky"}};
  EXPECT_FALSE(m_worker->ask(exec).contains("error"));
}

TEST_F(WorkerStream, FieldsThatAreMissingOrOfAnotherType) {
  EXPECT_EQ(refused(R"({"cmd": "prepare"})"), "command 'prepare' needs the string 'session_id'");
  EXPECT_EQ(refused(R"({"cmd": "exec_step", "step_id": 3})"), "command 'exec_step' needs the string 'step_id'");
  EXPECT_EQ(
      refused(R"({"cmd": "exec_step", "step_id": "a", "driver": "b", "cfg_path": "c", "inputs": {"df": "extract"}})"),
      "input 'df' of step 'a' needs the string 'from_step'");
}

TEST_F(WorkerStream, BlankLinesAndWindowsNewlines) {
  m_worker->send_bytes("\n\r\n  \n{\"cmd\": \"ping\", \"data\": 1}\r\n");
  EXPECT_EQ(m_worker->answer()["echo"], 1);
}

TEST_F(WorkerStream, ExecBeforePrepare) {
  const WorkerSession session(m_project, films());
  EXPECT_EQ(refused(session.exec_step("extract-films").dump()),
            "cannot run step 'extract-films': send prepare first");
}

TEST_F(WorkerStream, CleanupBeforePrepare) {
  EXPECT_EQ(refused(k_cleanup.dump()), "there is no session to clean up");
}

TEST_F(WorkerStream, CancelBeforePrepareIsIgnored) {
  m_worker->send({{"cmd", "cancel"}, {"step_id", "extract-films"}});
  EXPECT_EQ(m_worker->ask(k_ping)["status"], "pong");
}

TEST_F(WorkerStream, PrepareTwice) {
  const WorkerSession session(m_project, films());
  session.prepare(*m_worker);
  EXPECT_EQ(refused(session.prepare_command().dump()), "a session is open: send cleanup before another prepare");
  EXPECT_FALSE(m_worker->ask(session.exec_step("extract-films")).contains("error")) << "the first one goes on";
}

TEST_F(WorkerStream, AFailedPrepareCanBeTriedAgain) {
  const WorkerSession session(m_project, films());
  Json below_a_file = session.prepare_command();
  below_a_file["settings"]["session_dir"] = (m_project / "films.csv/run").string();
  Json refusal = m_worker->ask(below_a_file);
  EXPECT_EQ(refusal["status"], "error");
  EXPECT_THAT(refusal.value("error", ""), HasSubstr("films.csv/run"));
  EXPECT_EQ(session.prepare(*m_worker)["status"], "ready");
}

TEST_F(WorkerStream, AnUnknownDriverFailsItsStep) {
  const WorkerSession session(m_project, films());
  session.prepare(*m_worker);
  Json exec = session.exec_step("extract-films");
  exec["driver"] = "oracle.extractor";
  Json complete = m_worker->ask(exec);
  EXPECT_EQ(complete["status"], "complete");
  EXPECT_THAT(complete.value("error", ""), HasSubstr("there is no driver 'oracle.extractor'"));
  EXPECT_EQ(m_worker->ask(k_ping)["status"], "pong");
}

TEST_F(WorkerStream, AMissingStepConfigFailsItsStep) {
  const WorkerSession session(m_project, films());
  session.prepare(*m_worker);
  Json exec = session.exec_step("extract-films");
  exec["cfg_path"] = "cfg/nowhere.json";
  EXPECT_THAT(m_worker->ask(exec).value("error", ""), HasSubstr("cfg/nowhere.json"));
}

TEST_F(WorkerStream, ARunningStepIsCancelled) {
  const WorkerSession session(m_project, films(k_endless_sql));
  session.prepare(*m_worker);
  m_worker->ask(session.exec_step("extract-films"));
  m_worker->send(session.exec_step("compute-stats"));
  m_worker->wait_for_event("inputs_resolved");
  EXPECT_EQ(m_worker->ask(k_ping)["status"], "pong") << "it listens while a step runs";
  m_worker->send({{"cmd", "cancel"}, {"step_id", "another-step"}});
  m_worker->send({{"cmd", "cancel"}, {"step_id", "compute-stats"}});
  Json complete = m_worker->answer();
  EXPECT_EQ(complete["step_id"], "compute-stats");
  EXPECT_EQ(complete["error"], "cancelled");
  EXPECT_EQ(complete["error_code"], "cancelled");
  EXPECT_EQ(m_worker->ask(k_cleanup)["steps_executed"], 1);
}

TEST_F(WorkerStream, CancelWithoutAStepCancelsAll) {
  std::vector<Step> steps = films(k_endless_sql);
  steps[2] = processor("compute-more", k_endless_sql);
  steps[2].needs = {"extract-films"};
  const WorkerSession session(m_project, steps);
  session.prepare(*m_worker);
  m_worker->ask(session.exec_step("extract-films"));
  m_worker->send(session.exec_step("compute-stats"));
  m_worker->send(session.exec_step("compute-more"));
  m_worker->wait_for_event("inputs_resolved");
  m_worker->wait_for_event("inputs_resolved");
  m_worker->send({{"cmd", "cancel"}});
  EXPECT_EQ(m_worker->answer()["error_code"], "cancelled");
  EXPECT_EQ(m_worker->answer()["error_code"], "cancelled");
}

// The host is gone: the worker ends with it, whatever it was doing.
TEST_F(WorkerStream, TheEndOfTheInputEndsARunningStep) {
  const WorkerSession session(m_project, films(k_endless_sql));
  session.prepare(*m_worker);
  m_worker->ask(session.exec_step("extract-films"));
  m_worker->send(session.exec_step("compute-stats"));
  m_worker->wait_for_event("inputs_resolved");
  m_worker->close_input();
  EXPECT_EQ(m_worker->wait(), 0);
  EXPECT_FALSE(fs::exists(session.dir() / "tmp")) << "the engine's temporary folder";
}

TEST_F(WorkerStream, AHostThatIsKilledLeavesNoWorkerBehind) {
  const WorkerSession session(m_project, films(k_endless_sql));
  session.prepare(*m_worker);
  m_worker->ask(session.exec_step("extract-films"));
  m_worker->send(session.exec_step("compute-stats"));
  m_worker->wait_for_event("inputs_resolved");
  m_worker->close_output();
  m_worker->close_input();
  EXPECT_EQ(m_worker->wait(), 0);
}

TEST_F(WorkerStream, AnInputThatEndsWithinALine) {
  m_worker->send_bytes(R"({"cmd": "ping", "data": "half)");
  m_worker->close_input();
  EXPECT_EQ(m_worker->answer()["status"], "error");
  EXPECT_EQ(m_worker->wait(), 0);
}

TEST_F(WorkerStream, ASecondSessionAfterCleanup) {
  const WorkerSession first(m_project, films());
  first.prepare(*m_worker);
  for (const char* step : {"extract-films", "compute-stats", "write-stats"}) m_worker->ask(first.exec_step(step));
  m_worker->ask(k_cleanup);

  const WorkerSession second(m_project, films(), {{"force_spill", true}}, "run_2");
  EXPECT_EQ(second.prepare(*m_worker)["session_id"], "run_2");
  EXPECT_THAT(m_worker->ask(second.exec_step("compute-stats")).value("error", ""), HasSubstr("(it was not run)"))
      << "the frames of the first session are gone";
  EXPECT_EQ(m_worker->ask(second.exec_step("extract-films"))["outputs"]["spill_used"], true)
      << "it has settings of its own";
  EXPECT_EQ(m_worker->ask(k_cleanup)["steps_executed"], 1) << "and counts of its own";
}

TEST_F(WorkerStream, SecretsOfConnectionsAreInNoMessageAndNoFile) {
  const WorkerSession session(m_project, films());
  Json prepare = session.prepare_command();
  prepare["connections"] = {{"mysql", {{"main", {{"password", "planted-pa55word"}}}}}};
  m_worker->ask(prepare);
  for (const char* step : {"extract-films", "compute-stats", "write-stats"}) m_worker->ask(session.exec_step(step));
  m_worker->ask(k_cleanup);
  for (const Json& message : m_worker->messages()) EXPECT_THAT(message.dump(), Not(HasSubstr("planted-pa55word")));
  for (const std::string& file : m_project.files("logs")) {
    EXPECT_THAT(read_text(m_project / "logs" / file), Not(HasSubstr("planted-pa55word"))) << file;
  }
}

}  // namespace
}  // namespace spillway::testing
