#include "run/dead_runs.hpp"

#include <unistd.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/manifest.hpp"
#include "run/record.hpp"
#include "run/run_dir.hpp"
#include "run/run_lock.hpp"
#include "support/run_dir.hpp"
#include "support/temp_dir.hpp"
#include "util/file.hpp"
#include "util/sha256.hpp"

namespace spillway::run {
namespace {

namespace fs = std::filesystem;
using spillway::testing::read_text;
using spillway::testing::RunDir;
using spillway::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const WallTime k_started_at{std::chrono::milliseconds(1'700'000'000'123)};
constexpr auto k_dead_id = "run_1700000000123";

class DeadRunsTest : public ::testing::Test {
 protected:
  DeadRunsTest() : m_dir(create_run_dir(m_folder / "logs", k_started_at)) {}

  fs::path path() const { return m_folder / "logs" / k_dead_id; }
  RunDir run() const { return RunDir(path()); }
  DeadRuns mark() const { return mark_dead_runs(m_folder / "logs"); }
  /// The kernel does the same when a process dies.
  void let_host_die() { m_dir.reset(); }

  void write(const std::string& name, std::string_view text) const {
    fs::create_directories((path() / name).parent_path());
    std::ofstream(path() / name, std::ios::binary) << text;
  }

  /// Three steps in a row, the last of which writes out/films.csv.
  void write_manifest() const {
    pipeline::Manifest manifest;
    manifest.pipeline_id = manifest.pipeline_name = "films";
    manifest.fingerprints = {sha256_hex("a"), sha256_hex("b"), sha256_hex("c"), sha256_hex("d")};
    for (const auto& [id, driver, mode, needs] :
         {std::tuple{"extract", "filesystem.csv_extractor", pipeline::Mode::read, std::vector<std::string>{}},
          std::tuple{"compute", "duckdb.processor", pipeline::Mode::transform, std::vector<std::string>{"extract"}},
          std::tuple{"write", "filesystem.csv_writer", pipeline::Mode::write, std::vector<std::string>{"compute"}}}) {
      pipeline::ManifestStep step;
      step.id = id;
      step.driver = driver;
      step.mode = mode;
      step.needs = needs;
      step.cfg_path = std::string("cfg/") + id + ".json";
      const std::string config = R"({"path": "out/films.csv"})";
      step.cfg_sha256 = sha256_hex(config);
      write(step.cfg_path, config);
      manifest.steps.push_back(step);
    }
    write("manifest.yaml", manifest.to_yaml());
  }

  /// The first step is done, the second one runs.
  void write_events() const {
    Record record(path(), k_dead_id, m_redactor);
    record.event("run_start", {{"pipeline_id", "films"},
                               {"manifest_hash", "0123"},
                               {"profile", nullptr},
                               {"target", "process"},
                               {"steps_total", 3}});
    start_step(record, "extract", "filesystem.csv_extractor");
    record.event("rows_out", {{"step_id", "extract"}, {"value", 14}});
    record.event(
        "step_complete",
        {{"step_id", "extract"}, {"driver", "filesystem.csv_extractor"}, {"rows_processed", 14}, {"duration_ms", 7}});
    start_step(record, "compute", "duckdb.processor");
    record.event("inputs_resolved", {{"step_id", "compute"},
                                     {"from_step", "extract"},
                                     {"key", "df"},
                                     {"rows", 14},
                                     {"from_memory", true},
                                     {"from_spill", false}});
  }
  static void start_step(Record& record, const char* id, const char* driver) {
    record.event("step_start", {{"step_id", id}, {"driver", driver}, {"attempt", 1}});
  }

  TempDir m_folder;
  config::Redactor m_redactor;
  std::optional<NewRunDir> m_dir;
};

TEST_F(DeadRunsTest, ARunThatGoesOnIsLeftAlone) {
  write_events();
  EXPECT_THAT(mark().marked, IsEmpty());
  EXPECT_FALSE(fs::exists(path() / "status.json"));
}

TEST_F(DeadRunsTest, ARunGoesOnForAsLongAsItsGuardHoldsTheLock) {
  write_events();
  Fd guard(::dup(m_dir->lock.descriptor()));
  let_host_die();
  EXPECT_THAT(mark().marked, IsEmpty());
  guard.reset();
  EXPECT_THAT(mark().marked, ElementsAre(k_dead_id));
}

TEST_F(DeadRunsTest, ADeadRunGetsItsEndFromItsRecord) {
  write_manifest();
  write_events();
  let_host_die();
  EXPECT_THAT(mark().marked, ElementsAre(k_dead_id));
  EXPECT_THAT(run().problems(), IsEmpty());
  const Json status = run().status();
  EXPECT_EQ(status["status"], "crashed");
  EXPECT_EQ(status["exit_code"], 137);
  EXPECT_EQ(status["target"], "process");
  EXPECT_EQ(status["steps_completed"], 1);
  EXPECT_EQ(status["reason"], "the run did not end by itself: its process was killed, or the machine stopped");
  EXPECT_EQ(run().card()["total_rows"], 0) << "there is a writer, and it wrote nothing";
  const Json extract = run().card_step("extract");
  EXPECT_EQ(extract["status"], "succeeded");
  EXPECT_EQ(extract["rows_out"], 14);
  EXPECT_EQ(extract["duration_ms"], 7);
  EXPECT_EQ(extract["has_df_in_memory"], true);
  const Json compute = run().card_step("compute");
  EXPECT_EQ(compute["status"], "failed");
  EXPECT_EQ(compute["rows_in"], 14);
  EXPECT_EQ(compute["needs"], Json({"extract"}));
  EXPECT_EQ(compute["error"]["code"], "crashed");
  EXPECT_EQ(run().card_step("write")["status"], "skipped");
  EXPECT_EQ(run().events().back()["event"], "run_failed");
  EXPECT_EQ(fs::read_symlink(m_folder / "logs/latest"), k_dead_id);
  EXPECT_FALSE(fs::exists(path() / "host.lock"));
  EXPECT_THAT(mark().marked, IsEmpty()) << "once is enough";
}

TEST_F(DeadRunsTest, ATornLineIsCutOff) {
  write_manifest();
  write_events();
  std::ofstream(path() / "events.jsonl", std::ios::app) << R"({"ts":"2026-11-)";
  std::ofstream(path() / "metrics.jsonl", std::ios::app) << R"({"ts)";
  let_host_die();
  mark();
  EXPECT_THAT(run().problems(), IsEmpty());
}

TEST_F(DeadRunsTest, ARunThatWasKilledBeforeItsFirstEvent) {
  let_host_die();
  EXPECT_THAT(mark().marked, ElementsAre(k_dead_id));
  EXPECT_THAT(run().problems(), IsEmpty());
  EXPECT_EQ(run().card()["pipeline"]["name"], "unknown");
  EXPECT_THAT(run().card()["steps"], IsEmpty());
}

TEST_F(DeadRunsTest, WithoutAManifestTheStepsAreThoseOfTheEvents) {
  write_events();
  let_host_die();
  mark();
  EXPECT_THAT(run().problems(), IsEmpty());
  EXPECT_EQ(run().card()["total_rows"], 14);
  EXPECT_EQ(run().card_step("compute")["driver"], "duckdb.processor");
}

TEST_F(DeadRunsTest, ARunThatEndedButForItsStatusIsWhatItsLastEventSays) {
  write_manifest();
  write_events();
  Record record(path(), k_dead_id, m_redactor, std::chrono::system_clock::now, 6);
  record.event("run_cancelled", {{"status", "cancelled"},
                                 {"exit_code", 143},
                                 {"steps_completed", 1},
                                 {"steps_total", 3},
                                 {"total_rows", 0},
                                 {"duration_ms", 12}});
  let_host_die();
  mark();
  EXPECT_EQ(run().status()["status"], "cancelled");
  EXPECT_EQ(run().status()["exit_code"], 143);
  EXPECT_EQ(run().card()["status"], "cancelled");
}

TEST_F(DeadRunsTest, OfARunThatWasKilledAfterItsLastWordTheLockGoes) {
  write_manifest();
  write_events();
  let_host_die();
  mark();
  const Json status = run().status();
  std::ofstream(path() / k_lock_file) << "";
  EXPECT_THAT(mark().marked, IsEmpty());
  EXPECT_FALSE(fs::exists(path() / k_lock_file));
  EXPECT_EQ(run().status(), status);
}

TEST_F(DeadRunsTest, MarkingThatWasKilledItselfIsTakenUpAgain) {
  write_manifest();
  write_events();
  let_host_die();
  mark();
  const Json status = run().status();
  const std::size_t events = run().events().size();
  fs::remove(path() / "status.json");
  EXPECT_THAT(mark().marked, ElementsAre(k_dead_id));
  EXPECT_EQ(run().status(), status);
  EXPECT_EQ(run().events().size(), events);
  EXPECT_THAT(run().problems(), IsEmpty());
}

TEST_F(DeadRunsTest, TemporaryFilesGo) {
  write_manifest();
  write("tmp/spill_0.tmp", "x");
  write(".manifest.yaml.write.tmp", "x");
  write("artifacts/extract/.output.parquet.spill.tmp", "x");
  write("artifacts/write/stdout", "x");
  const fs::path target = m_folder / "out/films.csv";
  fs::create_directories(target.parent_path());
  std::ofstream(AtomicFile::temp_path_for(target, std::string(k_dead_id) + "-write")) << "half";
  std::ofstream(AtomicFile::temp_path_for(target, "run_1-write")) << "of another run, which may go on";
  fs::create_symlink(k_dead_id, m_folder / "logs" / ("." + std::string("latest.") + k_dead_id + ".tmp"));
  let_host_die();
  mark();
  EXPECT_THAT(run().problems(), IsEmpty());
  EXPECT_FALSE(fs::exists(path() / "artifacts/write/stdout"));
  EXPECT_EQ(std::distance(fs::directory_iterator(m_folder / "out"), {}), 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(m_folder / "logs"), {}), 2) << "the run and latest";
}

TEST_F(DeadRunsTest, ARunOfAnotherMachineIsLeftAlone) {
  write_events();
  const Json ours = Json::parse(read_text(path() / "host.lock"));
  let_host_die();
  Json owner = ours;
  owner["boot_id"] = "another";
  owner["machine"] = "another/1234";
  write("host.lock", owner.dump());
  EXPECT_THAT(mark().marked, IsEmpty());
  owner["machine"] = ours["machine"];
  write("host.lock", owner.dump());
  EXPECT_THAT(mark().marked, ElementsAre(k_dead_id)) << "this machine was started anew";
}

TEST_F(DeadRunsTest, WhatCannotBeMarkedIsToldAndTheOthersAreMarked) {
  write("spillway.log/a", "a folder where the log should be");
  let_host_die();
  fs::create_directories(m_folder / "logs/run_1");
  const DeadRuns dead = mark();
  EXPECT_THAT(dead.marked, ElementsAre("run_1"));
  ASSERT_EQ(dead.errors.size(), 1U);
  EXPECT_EQ(dead.errors[0].full_message(),
            "cannot create '" + (path() / "spillway.log").string() + "': Is a directory, while marking " + k_dead_id);
}

TEST_F(DeadRunsTest, OnlyRunsAreLookedAt) {
  let_host_die();
  fs::remove_all(path());
  for (const char* name : {"run_", "run_a", "run_1x", "backup"}) fs::create_directories(m_folder / "logs" / name);
  std::ofstream(m_folder / "logs/run_2") << "a file";
  fs::create_directory_symlink("/", m_folder / "logs/run_3");
  EXPECT_THAT(mark().marked, IsEmpty());
  EXPECT_THAT(mark_dead_runs(m_folder / "nowhere").marked, IsEmpty());
}

TEST(RunLockTest, ADirectoryThatWasMarkedBeforeItWasLockedIsNotTaken) {
  const TempDir folder;
  std::ofstream(folder / "status.json") << "{}";
  EXPECT_FALSE(RunLock::claim(folder.path()));
}

}  // namespace
}  // namespace spillway::run
