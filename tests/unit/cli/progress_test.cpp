#include "cli/progress.hpp"

#include <fcntl.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_dir.hpp"
#include "support/temp_dir.hpp"
#include "util/fd.hpp"

namespace spillway::cli {
namespace {

using namespace std::chrono_literals;
using run::StepOutcome;
using run::StepStatus;
using spillway::testing::read_text;
using spillway::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::Not;

class ProgressTest : public ::testing::Test {
 protected:
  /// A display that writes to a file, with a clock that the test moves.
  ProgressDisplay display(const Terminal& terminal) {
    m_console.emplace(terminal, m_stream.get(), m_stream.get());
    return ProgressDisplay(*m_console, [this] { return m_now; });
  }
  /// What was written since the last call.
  std::string written() {
    const std::string all = read_text(m_folder / "stream");
    std::string fresh = all.substr(m_read);
    m_read = all.size();
    return fresh;
  }
  static StepOutcome step(const std::string& id, StepStatus status = StepStatus::running) {
    StepOutcome outcome;
    outcome.step_id = id;
    outcome.status = status;
    return outcome;
  }
  static run::RunOutcome run_of(std::vector<StepOutcome> steps) {
    run::RunOutcome outcome;
    outcome.pipeline_name = "films";
    outcome.steps = std::move(steps);
    return outcome;
  }

  TempDir m_folder;
  Fd m_stream{::open((m_folder / "stream").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  std::optional<Console> m_console;
  ProgressDisplay::Clock::time_point m_now{1h};
  std::size_t m_read = 0;
};

const Terminal k_plain_progress{};
const Terminal k_fancy{.is_fancy = true, .width = 100, .height = 10};

TEST_F(ProgressTest, PlainOutputIsALineAStepAndNothingThatMoves) {
  ProgressDisplay progress = display(k_plain_progress);
  progress.run_started(run_of({step("a")}));
  progress.step_started(step("a"));
  m_now += 10s;
  progress.step_progressed(step("a"), {50.0, 1000});
  progress.tick();
  EXPECT_EQ(written(), "films: 1 step\n");
  progress.step_finished(step("a", StepStatus::succeeded));
  EXPECT_THAT(written(), HasSubstr("done       a  "));
}

TEST_F(ProgressTest, ARunningStepIsDrawnAgainInPlace) {
  ProgressDisplay progress = display(k_fancy);
  progress.run_started(run_of({step("a")}));
  progress.step_started(step("a"));
  written();
  progress.tick();
  EXPECT_EQ(written(), "") << "a step that may be done at once is not shown yet";
  m_now += 200ms;
  progress.step_progressed(step("a"), {50.0, 1000});
  progress.tick();
  const std::string first = written();
  EXPECT_THAT(first, HasSubstr("50 %"));
  EXPECT_THAT(first, Not(HasSubstr("\x1b[1A"))) << "there is no line to go back to";
  m_now += 200ms;
  progress.tick();
  EXPECT_TRUE(written().starts_with("\x1b[1A\r"));
  progress.step_finished(step("a", StepStatus::succeeded));
  const std::string last = written();
  EXPECT_TRUE(last.starts_with("\x1b[1A\r")) << "its last line takes the place of the moving one";
  EXPECT_TRUE(last.ends_with("\x1b[K\n\x1b[J"));
}

TEST_F(ProgressTest, MovingLinesMakeRoomForDataOnTheSameTerminal) {
  ProgressDisplay progress = display(k_fancy);
  progress.run_started(run_of({step("a"), step("b")}));
  progress.step_started(step("a"));
  progress.step_started(step("b"));
  m_now += 1s;
  progress.tick();
  written();
  progress.output_follows();
  EXPECT_EQ(written(), "\x1b[2A\r\x1b[J");
  progress.step_finished(step("a", StepStatus::succeeded));
  EXPECT_THAT(written(), Not(HasSubstr("\x1b[J"))) << "the data is not drawn over";
}

TEST_F(ProgressTest, RedrawsAtMostTenTimesASecond) {
  ProgressDisplay progress = display(k_fancy);
  progress.run_started(run_of({step("a")}));
  progress.step_started(step("a"));
  m_now += 1s;
  progress.tick();
  EXPECT_THAT(written(), Not(HasSubstr("\x1b[1A")));
  m_now += 99ms;
  progress.tick();
  EXPECT_EQ(written(), "");
  m_now += 1ms;
  progress.tick();
  EXPECT_NE(written(), "");
}

TEST_F(ProgressTest, ShowsNoMoreRunningStepsThanTheTerminalHasLines) {
  ProgressDisplay progress = display(k_fancy);
  std::vector<StepOutcome> steps;
  for (int i = 0; i < 50; ++i) steps.push_back(step("s" + std::to_string(i)));
  progress.run_started(run_of(steps));
  for (const StepOutcome& each : steps) progress.step_started(each);
  written();
  m_now += 1s;
  progress.tick();
  EXPECT_EQ(std::ranges::count(written(), '\n'), 7);
}

}  // namespace
}  // namespace spillway::cli
