#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"
#include "sandbox_support.hpp"
#include "support/long_form.hpp"
#include "support/process_tree.hpp"

/// Runs that are killed at random moments: no target is half-written, nothing stays behind, and the next command
/// gives every run its end.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int k_rows = 100'000;
constexpr int k_kills = 10;        ///< of each target
constexpr int k_kills_long = 167;  ///< 501 in all
constexpr unsigned k_seed = 4;
constexpr auto k_patience = 20s;  ///< for what is left to end; the two seconds have a test of their own
const std::vector<std::string> k_targets{"one/rows.csv", "two/rows.csv"};

std::string expected_output(int run) {
  std::string text = "n,run\n";
  for (int i = 0; i < k_rows; ++i) text += std::to_string(i) + "," + std::to_string(run) + "\n";
  return text;
}

class Kill : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string_view("bwrap") && !no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    // Whoever loses its parent becomes a child of this process.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    m_project.write("films.csv", "id\n1\n");
    fs::create_directories(m_project / "system_tmp");
  }

  Process start(int run) const {
    Step one = csv_writer("write-one", k_targets[0]);
    Step two = csv_writer("write-two", k_targets[1]);
    one.needs = two.needs = {"rows"};
    m_project.write_pipeline({csv_extractor("films", "films.csv"),
                              processor("rows", "SELECT range AS n, " + std::to_string(run) + " AS run FROM range(" +
                                                    std::to_string(k_rows) + ") ORDER BY n"),
                              one, two});
    return Process({spillway_program(), "run", "--quiet", "--force-spill", std::string("--sandbox=") + GetParam(),
                    "pipeline.yaml"},
                   {m_project.path(),
                    // The search for leaks has a process of its own: without it, it would wait for ever.
                    {{"TMPDIR", (m_project / "system_tmp").string()}, {"ASAN_OPTIONS", "detect_leaks=0"}},
                    ""});
  }

  /// Any process of the run, or its host.
  pid_t choose_victim(pid_t host) {
    if (m_random() % 2 == 0) return host;
    const std::vector<pid_t> below = descendants(host);
    return below.empty() ? host : below[m_random() % below.size()];
  }

  /// Children are what has lost its parent. False when something lives on.
  static bool everything_ends() {
    const auto deadline = std::chrono::steady_clock::now() + k_patience;
    for (const pid_t pid : descendants(::getpid())) {
      const Fd process = open_process(pid);
      const auto left = deadline - std::chrono::steady_clock::now();
      if (process && !ends_within(process, std::chrono::duration_cast<std::chrono::milliseconds>(left))) return false;
    }
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    return descendants(::getpid()).empty();
  }

  /// Each target is as it was, or what this run writes.
  void expect_whole_targets(int run, int exit_code) {
    for (const std::string& target : k_targets) {
      const std::string text = fs::exists(m_project / target) ? read_text(m_project / target) : "";
      std::string& before = m_targets[target];
      const std::string after = expected_output(run);
      if (exit_code == 0) {
        EXPECT_TRUE(text == after) << target;
      } else {
        EXPECT_TRUE(text == before || text == after) << target << " has " << text.size() << " bytes";
      }
      before = text;
    }
  }

  Project m_project;
  std::mt19937 m_random{k_seed};
  std::map<std::string, std::string> m_targets;
};

TEST_P(Kill, AtARandomMoment) {
  const std::string mounts = read_text("/proc/self/mountinfo");
  const auto duration = start(0).wait().wall;
  expect_whole_targets(0, 0);
  const int kills = is_long_form() ? k_kills_long : k_kills;
  for (int run = 1; run <= kills; ++run) {
    SCOPED_TRACE("run " + std::to_string(run));
    Process process = start(run);
    const std::chrono::milliseconds moment(m_random() % static_cast<unsigned>(duration.count() + 1));
    if (!ends_within(open_process(process.pid()), moment)) ::kill(choose_victim(process.pid()), SIGKILL);
    const int exit_code = process.wait().exit_code;
    EXPECT_THAT(exit_code, AnyOf(0, 7, 128 + SIGKILL));
    ASSERT_TRUE(everything_ends());
    expect_whole_targets(run, exit_code);
    if (HasFailure()) return;
  }

  // The next command.
  EXPECT_EQ(start(kills + 1).wait().exit_code, 0);
  expect_whole_targets(kills + 1, 0);
  for (const fs::directory_entry& entry : fs::directory_iterator(m_project / "logs")) {
    if (entry.is_symlink()) continue;
    SCOPED_TRACE(entry.path());
    const RunDir run(entry.path());
    EXPECT_THAT(run.problems(), IsEmpty());
    EXPECT_THAT(run.status()["status"], AnyOf("success", "failed", "crashed"));
    EXPECT_FALSE(fs::exists(entry.path() / "host.lock"));
  }
  EXPECT_THAT(m_project.files("one"), ElementsAre("rows.csv"));
  EXPECT_THAT(m_project.files("two"), ElementsAre("rows.csv"));
  EXPECT_THAT(m_project.files("system_tmp"), IsEmpty());
  for (const fs::directory_entry& entry : fs::directory_iterator(m_project / "logs")) {
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
  }
  EXPECT_EQ(read_text("/proc/self/mountinfo"), mounts);
}

INSTANTIATE_TEST_SUITE_P(Targets, Kill, ::testing::Values("local", "process", "bwrap"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace spillway::testing
