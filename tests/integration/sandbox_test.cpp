#include <signal.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"
#include "sandbox_support.hpp"
#include "support/process_tree.hpp"
#include "util/cgroup_place.hpp"
#include "util/fd.hpp"

/// `spillway run --sandbox`: what it refuses, what it limits, and what becomes of a run whose worker or host dies.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr auto k_patience = 2s;  ///< in which a death is noticed

std::vector<Step> films(const std::string& query, const std::string& output = "out/stats.csv") {
  return {csv_extractor("extract-films", "films.csv"), processor("compute-stats", query),
          csv_writer("write-stats", output)};
}

/// What is left of the sandbox's own control groups.
std::vector<std::string> control_groups_of(const RunDir& run_dir) {
  std::vector<std::string> groups;
  for (const char* controller : {"memory", "pids"}) {
    for (const CgroupPlace& place : cgroups_of("/", controller)) {
      const fs::path own = place.mount / place.group.relative_path();
      for (const fs::path& parent : {own, own.parent_path()}) {
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(parent, ignored)) {
          const std::string name = entry.path().filename();
          if (name.find(run_dir.path().filename().string() + "-") != std::string::npos) groups.push_back(name);
        }
      }
    }
  }
  return groups;
}

class SandboxTarget : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string_view("bwrap") && !no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    m_project.write("films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n");
  }
  std::vector<std::string> arguments() const {
    return {spillway_program(), "run", std::string("--sandbox=") + GetParam(), "pipeline.yaml"};
  }
  ProcessResult run() const {
    std::vector<std::string> without_program = arguments();
    without_program.erase(without_program.begin());
    return m_project.spillway(without_program);
  }

  Project m_project;
};

TEST_P(SandboxTarget, TheRecordSaysWhereItRan) {
  m_project.write_pipeline(films("SELECT count(*) AS n FROM df"));
  const ProcessResult result = run();
  expect_success(m_project, result);
  EXPECT_EQ(read_text(m_project / "out/stats.csv"), "n\n2\n");
  const RunDir run_dir = m_project.latest_run();
  EXPECT_EQ(run_dir.card()["target"], GetParam());
  EXPECT_EQ(run_dir.status()["target"], GetParam());
  EXPECT_EQ(run_dir.events("run_start").front()["target"], GetParam());
  EXPECT_FALSE(fs::exists(run_dir.path() / "tmp"));
  EXPECT_THAT(control_groups_of(run_dir), IsEmpty());
}

TEST_P(SandboxTarget, AKilledWorkerFailsTheRun) {
  m_project.write_pipeline(films(k_endless_sql));
  Process process(arguments(), {m_project.path(), {}, ""});
  ASSERT_TRUE(process.wait_for_error_text("extract-films"));
  const pid_t worker = descendants(process.pid()).back();
  const auto killed = std::chrono::steady_clock::now();
  ASSERT_EQ(::kill(worker, SIGKILL), 0);
  const ProcessResult result = process.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - killed, k_patience);
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("the worker ended: killed by signal 9 (SIGKILL), having taken "));
  const RunDir run_dir = m_project.latest_run();
  expect_sound_record(run_dir, result);
  EXPECT_EQ(run_dir.card()["status"], "failed");
  EXPECT_EQ(run_dir.card_step("compute-stats")["status"], "failed");
  EXPECT_EQ(run_dir.card_step("write-stats")["status"], "skipped");
  EXPECT_FALSE(fs::exists(m_project / "out")) << "the folder that was made for the output is gone";
}

TEST_P(SandboxTarget, NothingSurvivesAKilledHost) {
  m_project.write_pipeline(films(k_endless_sql));
  Process process(arguments(), {m_project.path(), {}, ""});
  ASSERT_TRUE(process.wait_for_error_text("extract-films"));
  std::vector<Fd> below;
  for (const pid_t pid : descendants(process.pid())) below.push_back(open_process(pid));
  ASSERT_GE(below.size(), 2U);
  process.send_signal(SIGKILL);
  const auto killed = std::chrono::steady_clock::now();
  for (const Fd& pid : below) EXPECT_TRUE(ends_within(pid, k_patience));
  EXPECT_LT(std::chrono::steady_clock::now() - killed, k_patience);
  process.wait();
  EXPECT_THAT(m_project.files("out"), IsEmpty());
  EXPECT_THAT(control_groups_of(m_project.latest_run()), IsEmpty());
  for (const std::string& file : m_project.files("logs")) EXPECT_EQ(file.find("/tmp/"), std::string::npos) << file;
}

TEST_P(SandboxTarget, CtrlCCancelsTheRun) {
  m_project.write_pipeline(films(k_endless_sql));
  Process process(arguments(), {m_project.path(), {}, ""});
  ASSERT_TRUE(process.wait_for_error_text("extract-films"));
  process.send_signal(SIGINT);
  const ProcessResult result = process.wait();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  const RunDir run_dir = m_project.latest_run();
  expect_sound_record(run_dir, result);
  EXPECT_EQ(run_dir.card()["status"], "cancelled");
  EXPECT_EQ(run_dir.card_step("compute-stats")["status"], "cancelled");
}

INSTANTIATE_TEST_SUITE_P(Targets, SandboxTarget, ::testing::Values("process", "bwrap"),
                         [](const auto& tested) { return std::string(tested.param); });

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    m_project.write("films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n");
  }
  Project m_project;
};

TEST_F(Sandbox, IsBubblewrapUnlessAnotherIsNamed) {
  m_project.write_pipeline(films("SELECT count(*) AS n FROM df"));
  expect_success(m_project, m_project.spillway({"run", "--sandbox", "pipeline.yaml"}));
  EXPECT_EQ(m_project.latest_run().card()["target"], "bwrap");
  expect_success(m_project, m_project.run({{"SPILLWAY_SANDBOX", "1"}}));
  EXPECT_EQ(m_project.latest_run().card()["target"], "bwrap");
}

TEST_F(Sandbox, AnOutputBesideTheInputIsWritten) {
  m_project.write_pipeline(films("SELECT count(*) AS n FROM df", "stats.csv"));
  expect_success(m_project, m_project.spillway({"run", "--sandbox", "pipeline.yaml"}));
  EXPECT_EQ(read_text(m_project / "stats.csv"), "n\n2\n");
}

TEST_F(Sandbox, AFolderThatHoldsMoreThanOutputsIsNotOpened) {
  m_project.write_pipeline(films("SELECT count(*) AS n FROM df", "/tmp/stats.csv"));
  const ProcessResult result = m_project.spillway({"run", "--sandbox", "pipeline.yaml"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err,
              HasSubstr("error: cannot make the sandbox: step 'write-stats' writes '/tmp/stats.csv', and its "
                        "folder '/tmp' holds more than outputs\n"
                        "  hint: write into a folder of its own, such as '/tmp/out/stats.csv'\n"));
  expect_sound_record(m_project.latest_run(), result);
}

TEST_F(Sandbox, TheHomeIsNotOpened) {
  m_project.write_pipeline(films("SELECT count(*) AS n FROM df", "stats.csv"));
  const ProcessResult result =
      m_project.spillway({"run", "--sandbox", "pipeline.yaml"}, {{"HOME", m_project.path().string()}});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("holds more than outputs"));
}

TEST_F(Sandbox, AFileThatGrowsTooLargeFailsItsStep) {
  m_project.write_pipeline(films("SELECT hash(range) AS a, hash(range + 1) AS b FROM range(3000000)"));
  const ProcessResult result =
      m_project.spillway({"run", "--sandbox", "--sandbox-file-size", "16MB", "pipeline.yaml"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("File too large"));
  EXPECT_THAT(result.err, HasSubstr("hint: a file may have 16 MB (RLIMIT_FSIZE), unless SPILLWAY_SANDBOX_FILE_SIZE "
                                    "(--sandbox-file-size) is raised"));
  EXPECT_THAT(m_project.files("out"), IsEmpty());
}

TEST_F(Sandbox, CpuTimeThatIsUsedUpEndsTheWorker) {
  m_project.write_pipeline(films(k_endless_sql));
  const ProcessResult result =
      m_project.spillway({"run", "--sandbox", "--sandbox-cpu-seconds", "1", "pipeline.yaml"});
  EXPECT_EQ(result.exit_code, 7) << result.err;
  EXPECT_THAT(result.err, HasSubstr("error: the worker ended: killed by signal 24 (SIGXCPU)\n"
                                    "  hint: its CPU time was used up: raise SPILLWAY_SANDBOX_CPU_SECONDS "
                                    "(--sandbox-cpu-seconds)\n"));
}

TEST_F(Sandbox, MemoryThatIsUsedUpFailsTheStep) {
  if (program_is_sanitized()) GTEST_SKIP() << "a sanitizer's own memory has no limit";
  m_project.write_pipeline(films("SELECT list(range) AS l FROM range(60000000)"));
  const ProcessResult result =
      m_project.spillway({"run", "--sandbox", "--sandbox-memory", "256MB", "--memory-limit", "4GB", "pipeline.yaml"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err,
              HasSubstr("error: step 'compute-stats' (duckdb.processor): out of memory: this process may take 256 MB "
                        "(RLIMIT_DATA)\n  hint: raise SPILLWAY_SANDBOX_MEMORY (--sandbox-memory), or lower "
                        "SPILLWAY_MEMORY_LIMIT (--memory-limit) so that more is spilled\n"));
}

TEST(SandboxThatCannotBeMade, BubblewrapIsMissing) {
  Project project;
  project.write("films.csv", "id\n1\n");
  project.write_pipeline(films("SELECT count(*) AS n FROM df"));
  const ProcessResult result =
      project.spillway({"run", "--sandbox", "pipeline.yaml"}, {{"PATH", project.path().string()}});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(
      result.err,
      HasSubstr("error: cannot make the sandbox: bubblewrap (bwrap) is not installed\n"
                "  hint: apt-get install bubblewrap; or give up confinement: --sandbox=process isolates memory "
                "only\n"));
  expect_sound_record(project.latest_run(), result);
  EXPECT_EQ(project.latest_run().card_step("extract-films")["status"], "skipped");
}

TEST(SandboxThatCannotBeMade, TheKernelRefuses) {
  Project project;
  project.write("films.csv", "id\n1\n");
  project.write("bin/bwrap", "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n");
  fs::permissions(project / "bin/bwrap", fs::perms::owner_all);
  project.write_pipeline(films("SELECT count(*) AS n FROM df"));
  const ProcessResult result =
      project.spillway({"run", "--sandbox", "pipeline.yaml"}, {{"PATH", (project / "bin").string()}});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("error: cannot make the sandbox: bubblewrap says: No permissions to create new "
                                    "namespace\n  hint: it needs user namespaces: "));
  EXPECT_FALSE(fs::exists(project / "out")) << "nothing ran";
}

}  // namespace
}  // namespace spillway::testing
