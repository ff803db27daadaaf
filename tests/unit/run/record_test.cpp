#include "run/record.hpp"

#include <sys/resource.h>

#include <csignal>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/run_dir.hpp"
#include "support/temp_dir.hpp"

namespace spillway::run {
namespace {

using spillway::testing::read_json_lines;
using spillway::testing::read_text;
using spillway::testing::TempDir;

class RecordTest : public ::testing::Test {
 protected:
  TempDir m_folder;
  config::Redactor m_redactor;
};

TEST_F(RecordTest, EventsCarryTheEnvelopeFirstAndCount) {
  Record record(m_folder.path(), "run_1", m_redactor);
  record.event("rows_out", {{"step_id", "a"}, {"value", 0}}, "2026-11-23T23:05:11.123456Z");
  record.event("cleanup_start", Json::object());
  const std::string text = read_text(m_folder / "events.jsonl");
  EXPECT_TRUE(text.starts_with(
      R"({"ts":"2026-11-23T23:05:11.123456Z","session":"run_1","seq":1,"event":"rows_out","step_id":"a","value":0})"
      "\n"))
      << text;
  const auto events = read_json_lines(m_folder / "events.jsonl");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1]["seq"], 2);
  EXPECT_EQ(events[1]["ts"].get<std::string>().size(), events[0]["ts"].get<std::string>().size());
}

TEST_F(RecordTest, DataCannotDisplaceTheEnvelope) {
  Record record(m_folder.path(), "run_1", m_redactor);
  record.event("rows_out", {{"seq", 99}, {"session", "run_2"}, {"event", "lie"}});
  const auto events = read_json_lines(m_folder / "events.jsonl");
  EXPECT_EQ(events[0]["seq"], 1);
  EXPECT_EQ(events[0]["session"], "run_1");
  EXPECT_EQ(events[0]["event"], "rows_out");
}

TEST_F(RecordTest, MetricsNameTheirStepOrNone) {
  Record record(m_folder.path(), "run_1", m_redactor);
  record.metric("rows_out", 14, {{"unit", "rows"}, {"step_id", "a"}});
  record.metric("steps_total", 3, {{"unit", "steps"}});
  const auto metrics = read_json_lines(m_folder / "metrics.jsonl");
  EXPECT_EQ(metrics[0]["step_id"], "a");
  EXPECT_EQ(metrics[0]["unit"], "rows");
  EXPECT_EQ(metrics[0]["value"], 14);
  EXPECT_TRUE(metrics[1]["step_id"].is_null());
}

TEST_F(RecordTest, SecretsAreMaskedInEveryFile) {
  m_redactor.add_secret("hunter2-hunter2");
  Record record(m_folder.path(), "run_1", m_redactor);
  record.command(protocol::PrepareCommand{
      "run_1", Json::object(), {{"@mysql.main", {{"host", "db"}, {"password", "hunter2-hunter2"}}}}, Json::object()});
  record.event("step_failed", {{"error", "cannot connect as root:hunter2-hunter2"}, {"api_key", "other"}});
  record.metric("hunter2-hunter2", "hunter2-hunter2", {{"unit", "rows"}, {"step_id", "hunter2-hunter2"}});
  record.log("the password is hunter2-hunter2");
  for (const char* file : {"commands.jsonl", "events.jsonl", "metrics.jsonl", "spillway.log"}) {
    const std::string text = read_text(m_folder / file);
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << file << ": " << text;
    EXPECT_NE(text.find("***"), std::string::npos) << file << ": " << text;
  }
  const auto commands = read_json_lines(m_folder / "commands.jsonl");
  EXPECT_EQ(commands[0]["cmd"], "prepare");
  EXPECT_EQ(commands[0]["connections"], Json({{"@mysql.main", {{"host", "***"}, {"password", "***"}}}}));
}

TEST_F(RecordTest, BytesThatAreNoUtf8AreReplaced) {
  Record record(m_folder.path(), "run_1", m_redactor);
  record.event("step_failed", {{"error", "bad \xff byte"}});
  EXPECT_EQ(read_json_lines(m_folder / "events.jsonl")[0]["error"], "bad \xEF\xBF\xBD byte");
}

TEST_F(RecordTest, ALineThatDoesNotFitIsTakenBackAndTold) {
  Record record(m_folder.path(), "run_1", m_redactor);
  record.event("rows_out", {{"step_id", "a"}, {"value", 1}});
  // A limit on the size of files stands for a full disk: the write is cut short.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit tight{std::filesystem::file_size(m_folder / "events.jsonl") + 20, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  record.event("rows_out", {{"step_id", "b"}, {"value", 2}});
  setrlimit(RLIMIT_FSIZE, &old);
  record.event("rows_out", {{"step_id", "c"}, {"value", 3}});

  ASSERT_TRUE(record.first_error());
  EXPECT_NE(record.first_error()->message.find("events.jsonl"), std::string::npos);
  const auto events = read_json_lines(m_folder / "events.jsonl");
  ASSERT_EQ(events.size(), 2U) << "no torn line stays behind";
  EXPECT_EQ(events[1]["step_id"], "c");
  EXPECT_EQ(events[1]["seq"], 2) << "seq counts what was written";
}

TEST_F(RecordTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_THROW(Record(m_folder / "missing", "run_1", m_redactor), Exception);
}

}  // namespace
}  // namespace spillway::run
