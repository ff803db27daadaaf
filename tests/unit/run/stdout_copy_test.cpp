#include "run/stdout_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>

#include "support/run_dir.hpp"
#include "support/temp_dir.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"

namespace spillway::run {
namespace {

using spillway::testing::read_text;
using spillway::testing::TempDir;

TEST(CopyToReader, CopiesEveryByte) {
  const TempDir folder;
  const std::string bytes(1'000'000, 'x');
  write_file_atomically(folder / "in", bytes, Durability::process);
  const Fd out(::open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  EXPECT_TRUE(copy_to_reader(out.get(), folder.path(), "in"));
  EXPECT_EQ(read_text(folder / "out"), bytes);
}

TEST(CopyToReader, AReaderThatWentAwayIsNoError) {
  std::signal(SIGPIPE, SIG_IGN);
  const TempDir folder;
  write_file_atomically(folder / "in", std::string(1'000'000, 'x'), Durability::process);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  ::close(ends[0]);
  const Fd out(ends[1]);
  EXPECT_TRUE(copy_to_reader(out.get(), folder.path(), "in"));
  EXPECT_EQ(write_to_reader(out.get(), "more"), false);
}

TEST(CopyToReader, AFullDeviceIs) {
  const TempDir folder;
  write_file_atomically(folder / "in", "x", Durability::process);
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const Result<void> copied = copy_to_reader(full.get(), folder.path(), "in");
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().code, ErrorCode::disk_full);
  EXPECT_NE(copied.error().message.find("standard output"), std::string::npos);
}

TEST(CopyToReader, SoIsAMissingFile) {
  const TempDir folder;
  const Result<void> copied = copy_to_reader(1, folder.path(), "in");
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().code, ErrorCode::file_not_found);
}

TEST(CopyToReader, ALinkIsNotFollowed) {
  const TempDir folder;
  std::filesystem::create_directory(folder / "secrets");
  write_file_atomically(folder / "secrets/stdout", "secret", Durability::process);
  std::filesystem::create_directory(folder / "step");
  std::filesystem::create_symlink(folder / "secrets/stdout", folder / "step/stdout");
  std::filesystem::create_symlink(folder / "secrets", folder / "linked");
  EXPECT_FALSE(copy_to_reader(1, folder.path(), "step/stdout"));
  EXPECT_FALSE(copy_to_reader(1, folder.path(), "linked/stdout"));
}

}  // namespace
}  // namespace spillway::run
