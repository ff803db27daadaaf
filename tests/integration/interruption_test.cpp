#include <signal.h>

#include <filesystem>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "folder_watch.hpp"
#include "project.hpp"

/// A run that is stopped while a writer writes: the target is as it was, whatever stopped it.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto k_old_output = "the output of an earlier run";
/// Quickly made, slowly written: a second and more in each format.
constexpr auto k_six_million_rows_sql = "SELECT hash(range) AS a, hash(range + 1) AS b FROM range(6000000)";

class Interruption : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    m_project.write("films.csv", "id\n1\n");
    m_project.write("out/many", k_old_output);
    m_project.write_pipeline({csv_extractor("extract-films", "films.csv"),
                              processor("make-many", k_six_million_rows_sql),
                              {"write-many", GetParam(), slow_output()}});
  }

  static Json slow_output() {
    if (GetParam() == std::string_view("filesystem.parquet_writer")) {
      return {{"path", "out/many"}, {"compression", "gzip"}};
    }
    return {{"path", "out/many"}};
  }

  /// Runs the pipeline and sends the signal as soon as the writer has written its first bytes.
  ProcessResult run_and_stop(int signal) {
    FolderWatch watch(m_project / "out");
    Process process({spillway_program(), "run", "pipeline.yaml"}, {m_project.path(), {}, ""});
    m_written_file = watch.wait_for_write();
    // The writer's thread may be ahead of the record.
    while (read_text(m_project.latest_run().path() / "events.jsonl").find("write_start") == std::string::npos) {
      std::this_thread::yield();
    }
    process.send_signal(signal);
    return process.wait();
  }

  void expect_cancelled(const ProcessResult& result, const std::string& signal_name) {
    const RunDir run = m_project.latest_run();
    expect_sound_record(run, result);
    EXPECT_EQ(run.card()["status"], "cancelled");
    EXPECT_EQ(run.card_step("make-many")["status"], "succeeded");
    EXPECT_EQ(run.card_step("write-many")["status"], "cancelled");
    EXPECT_EQ(run.events("run_cancelled").size(), 1U);
    EXPECT_EQ(run.status()["reason"], "cancelled by " + signal_name);
    EXPECT_THAT(result.err, HasSubstr("cancelled: 2 of 3 steps"));
    EXPECT_THAT(m_project.files("out"), ElementsAre("many")) << "no temporary file";
  }

  Project m_project;
  std::string m_written_file;
};

TEST_P(Interruption, KilledInTheMiddleOfAWriter) {
  EXPECT_EQ(run_and_stop(SIGKILL).exit_code, 128 + SIGKILL);
  EXPECT_NE(m_written_file, "many") << "the target is never written to";
  EXPECT_EQ(read_text(m_project / "out/many"), k_old_output);
  // The record ends with a whole line, so that it can be read.
  const RunDir run = m_project.latest_run();
  EXPECT_EQ(run.events().back()["step_id"], "write-many");
  EXPECT_FALSE(fs::exists(run.path() / "status.json"));
  EXPECT_THAT(m_project.shell(R"(grep "rows_out" logs/run_*/events.jsonl)").out, HasSubstr("make-many"));

  m_project.write_pipeline(
      {csv_extractor("extract-films", "films.csv"), {"write-many", GetParam(), {{"path", "out/many"}}}});
  expect_success(m_project, m_project.run());
  EXPECT_NE(read_text(m_project / "out/many"), k_old_output) << "the next run is not disturbed";
}

TEST_P(Interruption, InterruptedInTheMiddleOfAWriter) {
  const ProcessResult result = run_and_stop(SIGINT);
  EXPECT_EQ(result.exit_code, 130) << result.err;
  expect_cancelled(result, "SIGINT (Ctrl-C)");
  EXPECT_EQ(read_text(m_project / "out/many"), k_old_output);
}

TEST_P(Interruption, TerminatedInTheMiddleOfAWriter) {
  const ProcessResult result = run_and_stop(SIGTERM);
  EXPECT_EQ(result.exit_code, 143) << result.err;
  expect_cancelled(result, "SIGTERM");
  EXPECT_EQ(read_text(m_project / "out/many"), k_old_output);
}

INSTANTIATE_TEST_SUITE_P(Writers, Interruption,
                         ::testing::Values("filesystem.csv_writer", "filesystem.json_writer",
                                           "filesystem.parquet_writer"),
                         [](const auto& tested) {
                           const std::string name = tested.param;
                           return name.substr(name.find('.') + 1);
                         });

}  // namespace
}  // namespace spillway::testing
