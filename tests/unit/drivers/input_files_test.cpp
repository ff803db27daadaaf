#include "drivers/file/input_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "support/driver_fixture.hpp"

namespace spillway::drivers::file {
namespace {

/// What is wrong with a path is told alike by all extractors.
class InputFilesTest : public testing::DriverTest, public ::testing::WithParamInterface<const char*> {
 protected:
  Error error_reading(const Json& path) { return error_of(GetParam(), {{"path", path}}); }
};

TEST_P(InputFilesTest, MissingFile) {
  const Error error = error_reading("data/x.csv");
  EXPECT_EQ(error.code, ErrorCode::file_not_found);
  EXPECT_EQ(error.message, "cannot read 'data/x.csv': No such file or directory");
  EXPECT_EQ(error.hint, "relative paths start at '" + at("").lexically_normal().parent_path().string() + "'");
  EXPECT_EQ(error_reading("/no/such.csv").hint, "") << "an absolute path starts nowhere else";
}

TEST_P(InputFilesTest, PatternWithoutAMatch) {
  const Error error = error_reading("data/*.csv");
  EXPECT_EQ(error.code, ErrorCode::file_not_found);
  EXPECT_EQ(error.message, "cannot read 'data/*.csv': no file matches this pattern");
  EXPECT_NE(error.hint.find("relative paths start at"), std::string::npos);
}

TEST_P(InputFilesTest, Folder) {
  write("data/a.csv", "a\n1\n");
  const Error error = error_reading("data");
  EXPECT_EQ(error.message, "cannot read 'data': it is a folder");
  EXPECT_EQ(error.hint, "name its files with a pattern: data/*");
}

TEST_P(InputFilesTest, EmptyFile) {
  write("a.csv", "");
  const Error error = error_reading("a.csv");
  EXPECT_EQ(error.code, ErrorCode::bad_data);
  EXPECT_EQ(error.message, "cannot read 'a.csv': the file is empty");
}

TEST_P(InputFilesTest, PipesAndDevicesAreNoFiles) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_reading("pipe").message, "cannot read 'pipe': it is no regular file");
  EXPECT_EQ(error_reading("/dev/null").message, "cannot read '/dev/null': it is no regular file");
}

TEST_P(InputFilesTest, FileWithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every file";
  write("a.csv", "a\n1\n");
  ASSERT_EQ(::chmod(at("a.csv").c_str(), 0), 0);
  const Error error = error_reading("a.csv");
  EXPECT_EQ(error.code, ErrorCode::permission_denied);
  EXPECT_EQ(error.message, "cannot read 'a.csv': Permission denied");
}

INSTANTIATE_TEST_SUITE_P(All, InputFilesTest,
                         ::testing::Values("filesystem.csv_extractor", "filesystem.json_extractor",
                                           "filesystem.parquet_extractor"),
                         [](const auto& driver) {
                           const std::string name = driver.param;
                           return name.substr(11, name.find('_') - 11);
                         });

}  // namespace
}  // namespace spillway::drivers::file
