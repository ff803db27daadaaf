#include "config/machine.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace spillway::config {
namespace {

namespace fs = std::filesystem;

/// A machine's /proc and /sys of this test's own making.
class Machine : public testing::Test {
 protected:
  void SetUp() override { write("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\n"); }
  void TearDown() override { fs::remove_all(m_root); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((m_root / path).parent_path());
    std::ofstream(m_root / path) << text;
  }
  std::uint64_t memory() const { return detect_machine(m_root).memory_bytes; }
  unsigned cores() const { return detect_machine(m_root).cores; }

  fs::path m_root = fs::path(testing::TempDir()) /
                    (std::string("machine_") + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(Machine, WithoutCgroupsThePhysicalMemoryCounts) { EXPECT_EQ(memory(), 1000U * 1024); }

TEST_F(Machine, TheLeastLimitOfAGroupAndItsParentsCounts) {
  write("proc/self/cgroup", "0::/user/session\n");
  write("sys/fs/cgroup/user/memory.max", "300000\n");
  write("sys/fs/cgroup/user/session/memory.max", "max\n");
  EXPECT_EQ(memory(), 300'000U);
  write("sys/fs/cgroup/user/session/memory.max", "200000\n");
  EXPECT_EQ(memory(), 200'000U);
}

TEST_F(Machine, InAContainerTheMountIsTheGroup) {
  write("proc/self/cgroup", "0::/docker/abc\n");
  write("sys/fs/cgroup/memory.max", "400000\n");
  EXPECT_EQ(memory(), 400'000U);
}

TEST_F(Machine, VersionOneIsReadToo) {
  write("proc/self/cgroup", "5:memory:/job\n3:cpu,cpuacct:/job\n");
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "500000\n");
  write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "100000\n");
  write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(memory(), 500'000U);
  EXPECT_EQ(cores(), 1U);
}

TEST_F(Machine, ALimitAboveThePhysicalMemoryIsNone) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/memory.max", "9223372036854771712\n");
  EXPECT_EQ(memory(), 1000U * 1024);
}

TEST_F(Machine, AQuotaLimitsTheCoresRoundedUp) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(cores(), 1U);
  write("sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(cores(), detect_machine().cores);
}

TEST_F(Machine, NonsenseInAFileIsNoLimit) {
  write("proc/self/cgroup", "nonsense\n0::\n:::\n");
  write("sys/fs/cgroup/memory.max", "many\n");
  write("sys/fs/cgroup/cpu.max", "0 0\n");
  EXPECT_EQ(memory(), 1000U * 1024);
  EXPECT_GE(cores(), 1U);
}

TEST(ThisMachine, HasMemoryAndCores) {
  EXPECT_GT(detect_machine().memory_bytes, 0U);
  EXPECT_GE(detect_machine().cores, 1U);
}

}  // namespace
}  // namespace spillway::config
