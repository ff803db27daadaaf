#include "cli/summary.hpp"

#include <csignal>

#include <gtest/gtest.h>

namespace spillway::cli {
namespace {

using pipeline::Role;
using run::RunOutcome;
using run::RunStatus;
using run::StepOutcome;
using run::StepStatus;

const Terminal k_plain_summary{};

RunOutcome two_steps() {
  RunOutcome outcome;
  outcome.session_id = "run_1";
  outcome.duration_ms = 41;
  outcome.steps.resize(2);
  outcome.steps[0].step_id = "extract";
  outcome.steps[0].driver = "filesystem.csv_extractor";
  outcome.steps[0].status = StepStatus::succeeded;
  outcome.steps[0].rows_read = 3201;
  outcome.steps[1].step_id = "write";
  outcome.steps[1].driver = "filesystem.csv_writer";
  outcome.steps[1].role = Role::writer;
  outcome.steps[1].status = StepStatus::succeeded;
  outcome.steps[1].rows_written = 551;
  outcome.steps[1].write_target = "out/stats.csv";
  return outcome;
}

TEST(Summary, OfASuccessEndsWithALookAtTheResult) {
  EXPECT_EQ(summary(k_plain_summary, two_steps(), ""),
            "success: 2 steps, 551 rows written, 41 ms\n"
            "record: logs/run_1\n"
            "next: head out/stats.csv\n");
}

TEST(Summary, PathsStartAtTheGivenFolder) {
  EXPECT_EQ(summary(k_plain_summary, two_steps(), "my project"),
            "success: 2 steps, 551 rows written, 41 ms\n"
            "record: my project/logs/run_1\n"
            "next: head 'my project/out/stats.csv'\n");
}

TEST(Summary, WithoutATextFileShowsTheSteps) {
  RunOutcome outcome = two_steps();
  outcome.steps[1].write_target = "out/stats.parquet";
  EXPECT_EQ(next_command(outcome, ""), "cat logs/run_1/artifacts/_system/run_card.json | jq '.steps'");
  outcome.steps[1].write_target = "-";
  EXPECT_EQ(next_command(outcome, ""), "cat logs/run_1/artifacts/_system/run_card.json | jq '.steps'");
}

TEST(Summary, OfAFailureNamesStepErrorAndHint) {
  RunOutcome outcome = two_steps();
  outcome.status = RunStatus::failed;
  outcome.steps[1].status = StepStatus::failed;
  outcome.steps[1].rows_written = 0;
  outcome.error =
      make_error(ErrorCode::disk_full, "cannot write 'out/stats.csv': No space left on device", "free some");
  outcome.failed_step = "write";
  EXPECT_EQ(summary(k_plain_summary, outcome, ""),
            "error: step 'write' (filesystem.csv_writer): cannot write 'out/stats.csv': No space left on device\n"
            "  hint: free some\n"
            "failed: 1 of 2 steps, 0 rows written, 41 ms\n"
            "record: logs/run_1\n"
            "next: grep step_failed logs/run_1/events.jsonl\n");
}

TEST(Summary, WhenNoStepIsToBlameTheLogTells) {
  RunOutcome outcome = two_steps();
  outcome.status = RunStatus::failed;
  outcome.steps[0].status = outcome.steps[1].status = StepStatus::skipped;
  outcome.error = make_error(ErrorCode::sandbox, "no worker");
  EXPECT_EQ(next_command(outcome, ""), "cat logs/run_1/spillway.log");
}

TEST(Summary, OfACancelledRun) {
  RunOutcome outcome = two_steps();
  outcome.status = RunStatus::cancelled;
  outcome.stop_signal = SIGINT;
  outcome.steps[1].status = StepStatus::cancelled;
  outcome.steps[1].rows_written = 0;
  EXPECT_TRUE(summary(k_plain_summary, outcome, "").starts_with("cancelled: 1 of 2 steps, 0 rows written, 41 ms\n"));
}

TEST(Summary, WithoutAWriterCountsWhatWasRead) {
  RunOutcome outcome = two_steps();
  outcome.steps.pop_back();
  EXPECT_TRUE(summary(k_plain_summary, outcome, "").starts_with("success: 1 step, 3,201 rows read, 41 ms\n"));
}

TEST(ShellQuoted, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_quoted("logs/run_1"), "logs/run_1");
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quoted("$(rm)"), "'$(rm)'");
  EXPECT_EQ(shell_quoted(""), "''");
}

}  // namespace
}  // namespace spillway::cli
