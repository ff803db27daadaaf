#include "util/file.hpp"

#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

namespace spillway {
namespace {

namespace fs = std::filesystem;

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(File, WhatIsWrittenIsRead) {
  const testing::TempDir dir;
  const std::string bytes("a\0b\n", 4);
  for (const Durability durability : {Durability::process, Durability::machine}) {
    write_file_atomically(dir / "f", bytes, durability);
    EXPECT_EQ(value_or_throw(read_file(dir / "f")), bytes);
  }
  EXPECT_EQ(entries(dir.path()), 1U) << "no temporary file is left";
}

TEST(File, ReadingWhatIsNotThereNamesIt) {
  const auto result = read_file("/no/such/file");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "cannot read '/no/such/file': No such file or directory");
}

TEST(File, ReadingStopsAtTheLimit) {
  const testing::TempDir dir;
  write_file_atomically(dir / "f", std::string(100, 'x'), Durability::process);
  EXPECT_TRUE(read_file(dir / "f", 100));
  EXPECT_FALSE(read_file(dir / "f", 99));
}

TEST(AtomicFile, UnpublishedLeavesTheOldFileAndNoTemporaryOne) {
  const testing::TempDir dir;
  write_file_atomically(dir / "f", "old", Durability::process);
  {
    const AtomicFile file(dir / "f", "tag");
    std::ofstream(file.temp_path()) << "half";
    EXPECT_EQ(entries(dir.path()), 2U);
  }
  EXPECT_EQ(entries(dir.path()), 1U);
  EXPECT_EQ(value_or_throw(read_file(dir / "f")), "old");
}

TEST(AtomicFile, PublishingReplacesTheOldFile) {
  const testing::TempDir dir;
  write_file_atomically(dir / "f", "old", Durability::process);
  AtomicFile file(dir / "f", "tag");
  std::ofstream(file.temp_path()) << "new";
  file.publish(Durability::machine);
  EXPECT_EQ(value_or_throw(read_file(dir / "f")), "new");
  EXPECT_EQ(entries(dir.path()), 1U);
}

TEST(AtomicFile, PublishingWhatWasNeverWrittenFails) {
  const testing::TempDir dir;
  AtomicFile file(dir / "f", "tag");
  EXPECT_THROW(file.publish(Durability::process), Exception);
}

TEST(AtomicFile, TheTemporaryFileIsAHiddenNeighbour) {
  EXPECT_EQ(AtomicFile::temp_path_for("/data/out.csv", "run_1-step"), "/data/.out.csv.run_1-step.tmp");
}

}  // namespace
}  // namespace spillway
