#include "drivers/file/output_file.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include "support/driver_fixture.hpp"

namespace spillway::drivers::file {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

/// What all writers of files have in common.
class OutputFileTest : public testing::DriverTest, public ::testing::WithParamInterface<const char*> {
 protected:
  StepResult write_frame(const std::string& path) { return run(GetParam(), {{"path", path}}, {{"df", "frame"}}); }
  Error write_error(const std::string& path) { return error_of(GetParam(), {{"path", path}}, {{"df", "frame"}}); }
  static std::string format() {
    const std::string name = GetParam();
    return name.substr(11, name.find('_') - 11);
  }
};

TEST_P(OutputFileTest, WritesTellsAndCounts) {
  make_frame("SELECT range AS a FROM range(3)");
  const StepResult result = write_frame("out/x");
  EXPECT_FALSE(result.df);
  EXPECT_EQ(result.rows_written, 3U);
  EXPECT_EQ(result.bytes_written, fs::file_size(at("out/x")));
  EXPECT_EQ(files_below("out"), Names{"x"}) << "no temporary file";

  Json started{{"step_id", "step"}, {"target", "out/x"}, {"write_mode", "replace"}, {"format", format()}};
  EXPECT_EQ(sink().events("write_start"), std::vector<Json>{started});
  ASSERT_EQ(sink().events("write_complete").size(), 1U);
  Json completed = sink().events("write_complete")[0];
  EXPECT_TRUE(completed["duration_ms"].is_number_unsigned());
  completed.erase("duration_ms");
  started["rows_written"] = 3;
  started["bytes_written"] = result.bytes_written;
  EXPECT_EQ(completed, started);
  EXPECT_EQ(metric("rows_written"), Json(3));
  EXPECT_EQ(metric("bytes_written"), Json(result.bytes_written));
}

TEST_P(OutputFileTest, FoldersAreMadeAndOldFilesReplaced) {
  make_frame("SELECT 1 AS a");
  write_frame("a/b/c/x");
  const std::string old = read("a/b/c/x");
  make_frame("SELECT 2 AS a");
  write_frame("a/b/c/x");
  EXPECT_NE(read("a/b/c/x"), old);
  EXPECT_EQ(files_below("a/b/c"), Names{"x"});
}

TEST_P(OutputFileTest, TheSameFrameMakesTheSameBytes) {
  make_frame("SELECT range AS a, 'text ' || range AS b, range / 7 AS c FROM range(100000)");
  write_frame("x");
  write_frame("y");
  EXPECT_EQ(read("x"), read("y"));
}

TEST_P(OutputFileTest, AFrameWithoutRows) {
  make_frame("SELECT 1 AS a WHERE false");
  EXPECT_EQ(write_frame("x").rows_written, 0U);
  EXPECT_TRUE(fs::exists(at("x")));
}

TEST_P(OutputFileTest, StandardOutputIsAnArtifact) {
  make_frame("SELECT 1 AS a");
  const StepResult result = write_frame("-");
  EXPECT_EQ(files_below("run/artifacts/step"), Names{"stdout"});
  EXPECT_EQ(sink().events("artifact_created"), (std::vector<Json>{{{"step_id", "step"},
                                                                   {"artifact_type", "stdout"},
                                                                   {"path", "artifacts/step/stdout"},
                                                                   {"size_bytes", result.bytes_written}}}));
  EXPECT_EQ(sink().events("write_complete")[0]["target"], "-");
}

TEST_P(OutputFileTest, AFolderIsNoTarget) {
  make_frame("SELECT 1 AS a");
  fs::create_directory(at("out"));
  EXPECT_EQ(write_error("out").message, "cannot write 'out': it is a folder");
  EXPECT_EQ(write_error("new/").hint, "name a file in it: new/output");
}

TEST_P(OutputFileTest, AFileInPlaceOfAFolder) {
  make_frame("SELECT 1 AS a");
  write("file", "x");
  const Error error = write_error("file/out");
  EXPECT_EQ(error.message, "cannot write 'file/out': Not a directory");
  EXPECT_EQ(read("file"), "x");
}

TEST_P(OutputFileTest, AnUnwritableFolderLeavesNothingBehind) {
  make_frame("SELECT 1 AS a");
  const Error error = write_error("/proc/spillway/x");
  EXPECT_EQ(error.message, "cannot create folder '/proc/spillway': No such file or directory");
}

/// The rows turn out to be bad while they are written.
TEST_P(OutputFileTest, AFailureKeepsTheOldFileAndLeavesNothingElse) {
  connection().execute(
      "CREATE VIEW broken AS SELECT CASE WHEN range < 200000 THEN range ELSE error('no more') END AS a "
      "FROM range(300000)");
  write("out/x", "old");
  for (const std::string path : {"out/x", "new/folder/x"}) {
    const Error error = error_of(GetParam(), {{"path", path}}, {{"df", "broken"}});
    EXPECT_EQ(error.message, "cannot write '" + path + "': no more");
  }
  EXPECT_EQ(read("out/x"), "old");
  EXPECT_EQ(files_below("out"), Names{"x"});
  EXPECT_FALSE(fs::exists(at("new")));
}

TEST_P(OutputFileTest, CancellationKeepsTheOldFile) {
  make_frame("SELECT range AS a, 'text ' || range AS b FROM range(2000000)");
  write("out/x", "old");
  cancel().cancel();
  EXPECT_EQ(write_error("out/x").code, ErrorCode::cancelled);
  EXPECT_EQ(files_below("out"), Names{"x"});
  EXPECT_EQ(read("out/x"), "old");
}

TEST_P(OutputFileTest, AWriterNeedsOneInput) {
  const std::string driver = GetParam();
  Error error = error_of(driver, {{"path", "x"}});
  EXPECT_EQ(error.code, ErrorCode::missing_input);
  EXPECT_EQ(error.message, driver + " requires 'df' input, but step 'step' was given none");
  make_frame("SELECT 1 AS a");
  error = error_of(driver, {{"path", "x"}}, {{"df_a", "frame"}, {"df_b", "frame"}});
  EXPECT_EQ(error.message, driver + " requires 'df' input, but step 'step' was given 2 inputs");
  EXPECT_EQ(error.hint, "join them in a duckdb.processor step first, and name that step in needs");
}

INSTANTIATE_TEST_SUITE_P(All, OutputFileTest,
                         ::testing::Values("filesystem.csv_writer", "filesystem.json_writer",
                                           "filesystem.parquet_writer"),
                         [](const auto& driver) {
                           const std::string name = driver.param;
                           return name.substr(11, name.find('_') - 11);
                         });

}  // namespace
}  // namespace spillway::drivers::file
