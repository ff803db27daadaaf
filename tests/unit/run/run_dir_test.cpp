#include "run/run_dir.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"
#include "util/error.hpp"
#include "util/file.hpp"

namespace spillway::run {
namespace {

namespace fs = std::filesystem;
using spillway::testing::TempDir;

const WallTime k_time{std::chrono::milliseconds(1'700'000'000'123)};

TEST(CreateRunDir, IsNamedAfterTheMillisecond) {
  const TempDir folder;
  const fs::path path = create_run_dir(folder / "logs", k_time).path;
  EXPECT_EQ(path, folder / "logs/run_1700000000123");
  EXPECT_TRUE(fs::is_directory(path));
}

TEST(CreateRunDir, TakesTheNextMillisecondWhenAnotherRunHasThisOne) {
  const TempDir folder;
  create_run_dir(folder / "logs", k_time);
  create_run_dir(folder / "logs", k_time);
  EXPECT_EQ(create_run_dir(folder / "logs", k_time).path.filename(), "run_1700000000125");
}

TEST(CreateRunDir, AFileInTheWayIsAnErrorWithAHint) {
  const TempDir folder;
  write_file_atomically(folder / "logs", "a file", Durability::process);
  try {
    create_run_dir(folder / "logs", k_time);
    FAIL() << "no error";
  } catch (const Exception& exception) {
    EXPECT_NE(exception.error().message.find("cannot create the run directory"), std::string::npos);
    EXPECT_NE(exception.error().hint.find("-C"), std::string::npos);
  }
}

TEST(PointLatestTo, FollowsTheNewestRun) {
  const TempDir folder;
  for (const char* name : {"run_1", "run_2"}) {
    fs::create_directories(folder / "logs" / name);
    EXPECT_TRUE(point_latest_to(folder / "logs" / name));
    EXPECT_EQ(fs::read_symlink(folder / "logs/latest"), name);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "logs"), {}), 3) << "no temporary link stays behind";
}

TEST(PointLatestTo, SaysWhenSomethingElseHasTheName) {
  const TempDir folder;
  fs::create_directories(folder / "logs/latest/kept");
  fs::create_directories(folder / "logs/run_1");
  EXPECT_FALSE(point_latest_to(folder / "logs/run_1"));
  EXPECT_TRUE(fs::exists(folder / "logs/latest/kept"));
}

}  // namespace
}  // namespace spillway::run
