#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "folder_watch.hpp"
#include "project.hpp"
#include "sandbox_support.hpp"
#include "small_disk.hpp"
#include "support/process_tree.hpp"

/// A run that somebody stops, and one that its surroundings stop, wherever it runs: the record is complete, targets
/// are as they were, and nothing stays behind.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto k_earlier_output = "the output of an earlier run";
constexpr auto k_large_sql = "SELECT range AS id, md5(range::VARCHAR) AS a FROM range(250000) ORDER BY id";
constexpr auto k_time_to_end = 3s;

class Stopping : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string_view("bwrap") && !no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    m_project.write("films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n");
    m_project.write("out/stats.csv", k_earlier_output);
  }

  void write_pipeline(const std::string& query) const {
    m_project.write_pipeline({csv_extractor("extract-films", "films.csv"), processor("compute-stats", query),
                              csv_writer("write-stats", "out/stats.csv")});
  }
  std::vector<std::string> command() const {
    return {spillway_program(), "run", std::string("--sandbox=") + GetParam(), "pipeline.yaml"};
  }
  ProcessResult run() const {
    return m_project.spillway({"run", std::string("--sandbox=") + GetParam(), "pipeline.yaml"});
  }
  /// A run in the middle of its second step, in a process group of its own, as a shell starts it.
  std::unique_ptr<Process> start_endless() const {
    write_pipeline(k_endless_sql);
    auto process =
        std::make_unique<Process>(command(), ProcessOptions{.directory = m_project.path(), .has_own_group = true});
    EXPECT_TRUE(process->wait_for_error_text("extract-films"));
    return process;
  }
  bool is_local() const { return GetParam() == std::string_view("local"); }

  void expect_stopped(const ProcessResult& result, int exit_code) const {
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    const RunDir run_dir = m_project.latest_run();
    expect_sound_record(run_dir, result);
    EXPECT_EQ(run_dir.card()["status"], "cancelled");
    EXPECT_EQ(run_dir.card_step("compute-stats")["status"], "cancelled");
    EXPECT_EQ(run_dir.card_step("write-stats")["status"], "skipped");
    expect_untouched_target();
  }
  void expect_untouched_target() const {
    EXPECT_THAT(m_project.files("out"), ElementsAre("stats.csv"));
    EXPECT_EQ(read_text(m_project / "out/stats.csv"), k_earlier_output);
  }

  Project m_project;
};

TEST_P(Stopping, CtrlCInATerminalReachesTheHostAlone) {
  const std::unique_ptr<Process> process = start_endless();
  // A terminal signals the foreground process group: a worker that was in it would be cut off.
  ASSERT_EQ(::kill(-process->pid(), SIGINT), 0);
  expect_stopped(process->wait(), 130);
}

TEST_P(Stopping, SigtermToTheHost) {
  const std::unique_ptr<Process> process = start_endless();
  process->send_signal(SIGTERM);
  expect_stopped(process->wait(), 143);
}

TEST_P(Stopping, ASecondCtrlCEndsTheProgramAtOnceAndTheNextRunMarksIt) {
  // A worker that does not react, so that the first Ctrl-C takes its time.
  if (is_local()) GTEST_SKIP() << "the worker is a part of the program: tests/unit/run/stop_signals_test.cpp";
  const std::unique_ptr<Process> process = start_endless();
  const std::string id = m_project.latest_run().path().filename();
  std::vector<Fd> below;
  for (const pid_t pid : descendants(process->pid())) {
    below.push_back(open_process(pid));
    if (pid == descendants(process->pid()).back()) ::kill(pid, SIGSTOP);
  }
  FolderWatch watch(m_project / "logs" / id);
  process->send_signal(SIGINT);
  const fs::path log = m_project / "logs" / id / "spillway.log";
  while (read_text(log).find("cancelled by SIGINT") == std::string::npos) watch.wait_for_write();
  process->send_signal(SIGINT);
  EXPECT_EQ(process->wait().exit_code, 130);
  for (const Fd& pid : below) EXPECT_TRUE(ends_within(pid, k_time_to_end));
  EXPECT_FALSE(fs::exists(m_project / "logs" / id / "status.json"));
  expect_untouched_target();

  write_pipeline("SELECT count(*) AS n FROM df");
  const ProcessResult next = run();
  expect_success(m_project, next);
  EXPECT_THAT(next.err, HasSubstr("warning: run '" + id + "' did not end by itself: it is now marked as crashed"));
  const RunDir marked(m_project / "logs" / id);
  EXPECT_THAT(marked.problems(), IsEmpty());
  EXPECT_EQ(marked.status()["status"], "crashed");
  EXPECT_EQ(marked.status()["target"], GetParam());
}

TEST_P(Stopping, AFullDiskUnderTheOutput) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  const SmallDisk disk(m_project / "out");
  m_project.write("out/stats.csv", k_earlier_output);
  write_pipeline(k_large_sql);
  const ProcessResult result = run();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot write 'out/stats.csv': No space left on device"));
  expect_sound_record(m_project.latest_run(), result);
  expect_untouched_target();
}

TEST_P(Stopping, AFullDiskUnderTheRunDirectory) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  const SmallDisk disk(m_project / "logs");
  write_pipeline(k_large_sql);
  const ProcessResult result =
      m_project.spillway({"run", "--force-spill", std::string("--sandbox=") + GetParam(), "pipeline.yaml"});
  EXPECT_EQ(result.exit_code, 1);
  // A sandboxed worker may fill half of what the disk has free with one file.
  EXPECT_THAT(result.err, AnyOf(HasSubstr("No space left on device"), HasSubstr("File too large")));
  expect_sound_record(m_project.latest_run(), result);
  expect_untouched_target();
}

TEST_P(Stopping, WithoutAnyStandardStream) {
  write_pipeline("SELECT count(*) AS n FROM df");
  const ProcessResult result =
      m_project.shell(spillway_program() + " run --sandbox=" + GetParam() + " pipeline.yaml <&- >&- 2>&-");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(m_project.latest_run().problems(), IsEmpty()) << "no file of the record was taken for a stream";
  EXPECT_EQ(read_text(m_project / "out/stats.csv"), "n\n2\n");
}

INSTANTIATE_TEST_SUITE_P(Targets, Stopping, ::testing::Values("local", "process", "bwrap"),
                         [](const auto& tested) { return std::string(tested.param); });

/// Bubblewrap is found by PATH, so that what it says can be made up: the worker's standard error is its own.
TEST(AKilledSandbox, ItsLastWordsAreInTheError) {
  if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
  Project project;
  project.write("films.csv", "id\n1\n");
  project.write_pipeline({csv_extractor("extract-films", "films.csv"), processor("compute", k_endless_sql)});
  project.write(
      "bin/bwrap",
      "#!/bin/sh\nfor i in $(/usr/bin/seq 30); do echo \"line $i\" >&2; done\nexec /usr/bin/bwrap \"$@\"\n");
  fs::permissions(project / "bin/bwrap", fs::perms::owner_all);
  Process process({spillway_program(), "run", "--sandbox", "pipeline.yaml"},
                  {project.path(), {{"PATH", (project / "bin").string()}}, ""});
  ASSERT_TRUE(process.wait_for_error_text("extract-films"));
  ::kill(descendants(process.pid()).back(), SIGKILL);
  const ProcessResult result = process.wait();
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("the worker ended: killed by signal 9 (SIGKILL)"));
  EXPECT_THAT(result.err, HasSubstr("; its last words:\n    line 11\n"));
  EXPECT_THAT(result.err, HasSubstr("    line 30\n"));
  expect_sound_record(project.latest_run(), result);
}

}  // namespace
}  // namespace spillway::testing
