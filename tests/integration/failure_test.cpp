#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"
#include "small_disk.hpp"

/// What goes wrong around a pipeline: each time a clear error, the exit code of contracts.md, no partial output, no
/// temporary file, and a record that tells it.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto k_stats_sql = "SELECT year, count(*) AS films FROM df GROUP BY year ORDER BY year";
/// 20 MB as text.
constexpr auto k_many_rows_sql =
    "SELECT range AS id, md5(range::VARCHAR) AS a, md5(a) AS b FROM range(250000) ORDER BY id";

class Failure : public ::testing::Test {
 protected:
  void SetUp() override { m_project.write("films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n3,Clue,1985\n"); }

  static std::vector<Step> films(const std::string& query = k_stats_sql,
                                 const std::string& target = "out/stats.csv") {
    return {csv_extractor("extract-films", "films.csv"), processor("compute-stats", query),
            csv_writer("write-stats", target)};
  }

  ProcessResult run(const std::vector<Step>& steps, Project::Environment environment = {}) const {
    m_project.write_pipeline(steps);
    return m_project.run(std::move(environment));
  }

  /// A step failed, and everything that is written says so. Returns the error's message.
  std::string expect_failed_step(const ProcessResult& result, const std::string& step_id, const std::string& code) {
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(result.out, "");
    const RunDir run = m_project.latest_run();
    expect_sound_record(run, result);
    Json step = run.card_step(step_id);
    EXPECT_EQ(step["status"], "failed");
    EXPECT_EQ(step["error"]["code"], code) << step["error"];
    const std::string message = step["error"].is_object() ? step["error"].value("message", "") : "";
    EXPECT_EQ(run.card()["status"], "failed");
    EXPECT_EQ(run.card()["error"]["step_id"], step_id);
    EXPECT_EQ(run.events("step_failed").at(0)["step_id"], step_id);
    EXPECT_EQ(run.events("run_failed").size(), 1U);
    EXPECT_THAT(run.status().value("reason", ""), HasSubstr(message));
    EXPECT_THAT(result.err, AllOf(HasSubstr("error: step '" + step_id + "'"), HasSubstr(message)));
    return message;
  }

  Project m_project;
};

// --- What is read

TEST_F(Failure, AMissingFile) {
  fs::remove(m_project / "films.csv");
  EXPECT_EQ(expect_failed_step(run(films()), "extract-films", "file_not_found"),
            "cannot read 'films.csv': No such file or directory");
  EXPECT_THAT(m_project.files("out"), ElementsAre());
}

TEST_F(Failure, AGlobThatMatchesNothing) {
  std::vector<Step> steps = films();
  steps[0].config["path"] = "data/*.csv";
  EXPECT_EQ(expect_failed_step(run(steps), "extract-films", "file_not_found"),
            "cannot read 'data/*.csv': no file matches this pattern");
}

TEST_F(Failure, ADirectoryInsteadOfAFile) {
  fs::create_directories(m_project / "data");
  std::vector<Step> steps = films();
  steps[0].config["path"] = "data";
  const ProcessResult result = run(steps);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("extract-films"), HasSubstr("'data'")));
}

TEST_F(Failure, AnEmptyCsvFile) {
  m_project.write("films.csv", "");
  EXPECT_EQ(expect_failed_step(run(films()), "extract-films", "bad_data"),
            "cannot read 'films.csv': the file is empty");
  EXPECT_THAT(m_project.files("out"), ElementsAre());
}

TEST_F(Failure, AnEmptyParquetFile) {
  m_project.write("films.parquet", "");
  std::vector<Step> steps = films();
  steps[0] = {"extract-films", "filesystem.parquet_extractor", {{"path", "films.parquet"}}};
  EXPECT_EQ(expect_failed_step(run(steps), "extract-films", "bad_data"),
            "cannot read 'films.parquet': the file is empty");
}

TEST_F(Failure, AnEmptyJsonFile) {
  m_project.write("films.json", "");
  std::vector<Step> steps = films();
  steps[0] = {"extract-films", "filesystem.json_extractor", {{"path", "films.json"}}};
  EXPECT_EQ(expect_failed_step(run(steps), "extract-films", "bad_data"),
            "cannot read 'films.json': the file is empty");
}

TEST_F(Failure, ATruncatedParquetFile) {
  std::vector<Step> steps{csv_extractor("extract-films", "films.csv"),
                          processor("many", k_many_rows_sql),
                          {"write-many", "filesystem.parquet_writer", {{"path", "many.parquet"}}}};
  expect_success(m_project, run(steps));
  const std::string whole = read_text(m_project / "many.parquet");
  // Without its end it is no Parquet file; with its end alone, the places that the footer tells are not there.
  const std::string footer = whole.substr(whole.size() - whole.size() / 50);
  for (const std::string& bytes : {whole.substr(0, whole.size() / 2), "PAR1" + footer}) {
    m_project.write("many.parquet", bytes);
    const ProcessResult result = run({{"extract-many", "filesystem.parquet_extractor", {{"path", "many.parquet"}}},
                                      csv_writer("write-many", "out/many.csv")});
    EXPECT_THAT(expect_failed_step(result, "extract-many", "bad_data"), HasSubstr("many.parquet"));
    EXPECT_THAT(m_project.files("out"), ElementsAre());
  }
}

TEST_F(Failure, ABrokenQuoteInTheMillionthRow) {
  constexpr int k_broken_row = 1'000'000;
  std::string text = "id,title,year\n";
  for (int row = 1; row <= k_broken_row + 1000; ++row) {
    text += std::to_string(row) + (row == k_broken_row ? ",\"film,1985\n" : ",film,1985\n");
  }
  m_project.write("films.csv", text);
  EXPECT_EQ(expect_failed_step(run(films()), "extract-films", "bad_data"),
            "cannot read 'films.csv': line 1000001, column 'title': a quote is not closed, or closed too early")
      << "the header is a line too";
  EXPECT_THAT(m_project.files("out"), ElementsAre());
}

TEST_F(Failure, BinaryRubbishAsCsv) {
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>((i * 7919) >> 3);
  m_project.write("films.csv", bytes);
  EXPECT_THAT(expect_failed_step(run(films()), "extract-films", "bad_data"), HasSubstr("films.csv"));
}

// --- What is computed

TEST_F(Failure, DependantsOfAFailedStepAreSkipped) {
  std::vector<Step> steps = films("SELECT nothing FROM df");
  steps.push_back(csv_writer("write-more", "out/more.csv"));
  steps.back().needs = {"compute-stats"};
  const ProcessResult result = run(steps);
  expect_failed_step(result, "compute-stats", "sql");
  for (const char* skipped : {"write-stats", "write-more"}) {
    Json step = m_project.latest_run().card_step(skipped);
    EXPECT_EQ(step["status"], "skipped") << skipped;
    EXPECT_EQ(step["skipped"], Json({{"reason", "upstream_failed"}, {"because_of", "compute-stats"}})) << skipped;
    EXPECT_EQ(step["attempts"], 0) << skipped;
  }
  EXPECT_EQ(m_project.latest_run().events("step_skipped").size(), 2U);
  EXPECT_EQ(m_project.latest_run().status()["steps_completed"], 1);
  EXPECT_THAT(result.err, HasSubstr("it needs compute-stats, which failed"));
  EXPECT_THAT(m_project.files("out"), ElementsAre());
}

TEST_F(Failure, AStepBesideTheFailedOneIsCancelledOrSkipped) {
  std::vector<Step> steps = films("SELECT nothing FROM df");
  Step endless =
      processor("endless", "SELECT sum(a.range * b.range) AS s FROM range(1000000000) AS a, range(1000000000) AS b");
  endless.needs = {"extract-films"};
  steps.push_back(endless);
  steps.push_back(csv_writer("write-endless", "out/endless.csv"));
  expect_failed_step(run(steps), "compute-stats", "sql");
  EXPECT_EQ(m_project.latest_run().card_step("endless")["status"], "cancelled");
  EXPECT_EQ(m_project.latest_run().card_step("write-endless")["skipped"]["because_of"], "compute-stats");
}

TEST_F(Failure, AValueThatCannotBeConverted) {
  const std::string message =
      expect_failed_step(run(films("SELECT title::INTEGER AS t FROM df")), "compute-stats", "bad_data");
  EXPECT_THAT(message, HasSubstr("Alien"));
}

// --- What is written

class FullDisk : public Failure, public ::testing::WithParamInterface<const char*> {};

TEST_P(FullDisk, LeavesNoPartialOutput) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  const SmallDisk disk(m_project / "out");
  std::vector<Step> steps = films(k_many_rows_sql);
  steps[2] = {"write-many", GetParam(), {{"path", "out/many"}}};
  EXPECT_EQ(expect_failed_step(run(steps), "write-many", "disk_full"),
            "cannot write 'out/many': No space left on device");
  EXPECT_THAT(m_project.files("out"), ElementsAre());
}

TEST_P(FullDisk, KeepsTheOldOutput) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  const SmallDisk disk(m_project / "out");
  m_project.write("out/many", "the old one");
  std::vector<Step> steps = films(k_many_rows_sql);
  steps[2] = {"write-many", GetParam(), {{"path", "out/many"}}};
  expect_failed_step(run(steps), "write-many", "disk_full");
  EXPECT_THAT(m_project.files("out"), ElementsAre("many"));
  EXPECT_EQ(read_text(m_project / "out/many"), "the old one");
}

INSTANTIATE_TEST_SUITE_P(Failure, FullDisk,
                         ::testing::Values("filesystem.csv_writer", "filesystem.json_writer",
                                           "filesystem.parquet_writer"),
                         [](const auto& tested) {
                           const std::string name = tested.param;
                           return name.substr(name.find('.') + 1);
                         });

TEST_F(Failure, AFullDiskUnderTheRunDirectoryFailsTheStepThatSpills) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  const SmallDisk disk(m_project / "logs");
  const ProcessResult result = run(films(k_many_rows_sql), {{"E2B_FORCE_SPILL", "1"}});
  const std::string message = expect_failed_step(result, "compute-stats", "disk_full");
  EXPECT_THAT(message, HasSubstr("while spilling to"));
  EXPECT_THAT(m_project.files("out"), ElementsAre());
}

TEST_F(Failure, ADiskThatIsFullBeforeTheRun) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  const SmallDisk disk(m_project / "logs", "64k");
  m_project.write("logs/everything", std::string(64 * 1024, 'x'));
  const ProcessResult result = run(films());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("No space left on device"));
}

TEST_F(Failure, AReadOnlyFolder) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  const SmallDisk disk(m_project / "out");
  disk.make_read_only();
  EXPECT_EQ(expect_failed_step(run(films()), "write-stats", "permission_denied"),
            "cannot write 'out/stats.csv': Read-only file system");
}

TEST_F(Failure, AReadOnlyPlaceForTheRecord) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  const SmallDisk disk(m_project / "logs");
  disk.make_read_only();
  const ProcessResult result = run(films());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("error: cannot create the run directory"),
                                HasSubstr("Read-only file system"), HasSubstr("hint: ")));
  EXPECT_THAT(m_project.files("out"), ElementsAre());
}

TEST_F(Failure, ATargetBelowARegularFile) {
  EXPECT_EQ(expect_failed_step(run(films(k_stats_sql, "films.csv/stats.csv")), "write-stats", "io"),
            "cannot write 'films.csv/stats.csv': Not a directory");
  EXPECT_TRUE(fs::is_regular_file(m_project / "films.csv"));
}

TEST_F(Failure, ATargetThatIsAFolder) {
  fs::create_directories(m_project / "out/stats.csv");
  const ProcessResult result = run(films());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("write-stats"), HasSubstr("out/stats.csv")));
  EXPECT_THAT(m_project.files("out"), ElementsAre()) << "no temporary file either";
}

// --- The document

TEST_F(Failure, AnEmptyPipeline) {
  m_project.write("pipeline.yaml", "");
  const ProcessResult result = m_project.run();
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("pipeline.yaml:1:1: error: empty document: it holds no key"));
  EXPECT_FALSE(fs::exists(m_project / "logs")) << "there is no run to tell of";
}

TEST_F(Failure, AYamlBomb) {
  std::string text = "oml_version: \"0.1.0\"\nname: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char name = 'b'; name < 'j'; ++name) {
    const std::string alias = std::string("*") + static_cast<char>(name - 1);
    text += std::string(1, name) + ": &" + name + " [" + alias;
    for (int i = 0; i < 9; ++i) text += ", " + alias;
    text += "]\n";
  }
  m_project.write("pipeline.yaml", text);
  const ProcessResult result = m_project.run();
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("error: document too large: with its aliases expanded"));
  if (!program_is_sanitized()) {
    EXPECT_LT(result.peak_memory_bytes >> 20U, 200);
  }
  EXPECT_FALSE(fs::exists(m_project / "logs"));
}

TEST_F(Failure, AMissingPipeline) {
  const ProcessResult result = m_project.run({}, "pipelin.yaml");
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_THAT(result.err, HasSubstr("pipelin.yaml"));
}

}  // namespace
}  // namespace spillway::testing
