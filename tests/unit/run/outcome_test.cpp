#include "run/outcome.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "run/busy_time.hpp"

namespace spillway::run {
namespace {

using pipeline::Role;

StepOutcome step(Role role, std::uint64_t rows_read, std::uint64_t rows_written) {
  StepOutcome outcome;
  outcome.role = role;
  outcome.rows_read = rows_read;
  outcome.rows_out = rows_read;
  outcome.rows_written = rows_written;
  outcome.status = StepStatus::succeeded;
  return outcome;
}

TEST(TotalRows, IsWhatWritersWrote) {
  EXPECT_EQ(total_rows({step(Role::extractor, 14, 0), step(Role::processor, 5, 0), step(Role::writer, 0, 5),
                        step(Role::writer, 0, 14)}),
            19U);
}

TEST(TotalRows, WithoutAWriterIsWhatExtractorsRead) {
  EXPECT_EQ(total_rows({step(Role::extractor, 14, 0), step(Role::extractor, 3, 0), step(Role::processor, 5, 0)}),
            17U);
}

TEST(TotalRows, OfAWriterThatWroteNothingIsZero) {
  EXPECT_EQ(total_rows({step(Role::extractor, 14, 0), step(Role::writer, 0, 0)}), 0U);
}

RunOutcome lost_run(const std::string& driver, StepStatus status) {
  RunOutcome outcome;
  outcome.error = make_error(ErrorCode::sandbox, "the sandbox is gone");
  outcome.error->retryable = true;
  outcome.steps = {step(Role::extractor, 14, 0), step(Role::writer, 0, 0)};
  outcome.steps[1].driver = driver;
  outcome.steps[1].status = status;
  return outcome;
}

TEST(MayRunAgain, AsLongAsNoWriterHasWrittenWhatStays) {
  EXPECT_TRUE(may_run_again(lost_run("postgres.writer", StepStatus::skipped)));
  EXPECT_FALSE(may_run_again(lost_run("postgres.writer", StepStatus::failed))) << "nobody knows how far it came";
  EXPECT_TRUE(may_run_again(lost_run("filesystem.csv_writer", StepStatus::failed))) << "its file has not its place";
  EXPECT_FALSE(may_run_again(lost_run("filesystem.csv_writer", StepStatus::succeeded)));
}

TEST(MayRunAgain, OnlyForWantOfTheSandbox) {
  RunOutcome outcome = lost_run("filesystem.csv_writer", StepStatus::skipped);
  outcome.error->retryable = false;
  EXPECT_FALSE(may_run_again(outcome));
  outcome = lost_run("filesystem.csv_writer", StepStatus::skipped);
  outcome.stop_signal = 2;
  EXPECT_FALSE(may_run_again(outcome));
  outcome = lost_run("filesystem.csv_writer", StepStatus::skipped);
  outcome.failed_step = "films";
  EXPECT_FALSE(may_run_again(outcome));
  EXPECT_FALSE(may_run_again(RunOutcome()));
}

TEST(StepsCompleted, CountsOnlySuccess) {
  std::vector<StepOutcome> steps(3);
  steps[0].status = StepStatus::succeeded;
  steps[1].status = StepStatus::failed;
  steps[2].status = StepStatus::skipped;
  EXPECT_EQ(steps_completed(steps), 1U);
}

TEST(ApplyComplete, TakesOverWhatTheWorkerAnswered) {
  StepOutcome outcome;
  apply_complete(outcome, Json::parse(R"({
      "step_id": "compute-stats", "rows_processed": 5, "duration_ms": 12,
      "outputs": {"df": true, "rows_in": 14, "rows_out": 5, "rows_written": 0, "has_df_in_memory": false,
                  "spill_used": true, "spill_paths": {"parquet": "artifacts/c/output.parquet", "schema": "artifacts/c/schema.json"},
                  "inputs": [{"key": "df", "from_step": "extract", "rows": 14, "from_memory": true}]}})"));
  EXPECT_EQ(outcome.status, StepStatus::succeeded);
  EXPECT_EQ(outcome.rows_in, 14U);
  EXPECT_EQ(outcome.rows_out, 5U);
  EXPECT_EQ(outcome.duration_ms, 12U);
  EXPECT_TRUE(outcome.spill_used);
  ASSERT_TRUE(outcome.spill_paths);
  EXPECT_EQ(outcome.spill_paths->parquet, "artifacts/c/output.parquet");
  ASSERT_EQ(outcome.inputs.size(), 1U);
  EXPECT_EQ(outcome.inputs[0].from_step, "extract");
  EXPECT_FALSE(outcome.error);
}

TEST(ApplyComplete, AnErrorFailsTheStep) {
  StepOutcome outcome;
  apply_complete(outcome,
                 {{"error", "no such column 'x'"}, {"error_code", "sql"}, {"hint", "look"}, {"duration_ms", 3}});
  EXPECT_EQ(outcome.status, StepStatus::failed);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::sql);
  EXPECT_EQ(outcome.error->hint, "look");
}

TEST(ApplyComplete, ACancelledStepIsNoFailedOne) {
  StepOutcome outcome;
  apply_complete(outcome, {{"error", "cancelled"}, {"error_code", "cancelled"}});
  EXPECT_EQ(outcome.status, StepStatus::cancelled);
}

TEST(ApplyComplete, FieldsOfAWrongTypeCountAsNotGiven) {
  StepOutcome outcome;
  apply_complete(outcome, {{"duration_ms", "soon"},
                           {"outputs", {{"rows_out", -1}, {"spill_used", 1}, {"spill_paths", "x"}, {"inputs", 7}}}});
  EXPECT_EQ(outcome.status, StepStatus::succeeded);
  EXPECT_EQ(outcome.rows_out, 0U);
  EXPECT_FALSE(outcome.spill_used);
  EXPECT_FALSE(outcome.spill_paths);
}

TEST(ApplyFrame, TheLastWordIsThatOfCleanup) {
  StepOutcome outcome;
  apply_frame(outcome, {{"has_df_in_memory", true}, {"spill_used", false}, {"spill_paths", nullptr}});
  EXPECT_TRUE(outcome.has_df_in_memory);
  apply_frame(
      outcome,
      {{"has_df_in_memory", false}, {"spill_used", true}, {"spill_paths", {{"parquet", "p"}, {"schema", "s"}}}});
  EXPECT_FALSE(outcome.has_df_in_memory);
  EXPECT_TRUE(outcome.spill_paths);
}

TEST(BusyTime, CountsStepsSideBySideOnce) {
  BusyTime busy;
  busy.add(100, 100);  // 0 to 100
  busy.add(120, 40);   // 80 to 120
  busy.add(300, 50);   // 250 to 300
  busy.add(290, 10);   // 280 to 290, inside the one before
  EXPECT_EQ(busy.total_ms(), 170U);
}

TEST(BusyTime, AStepCannotHaveBegunBeforeTheRun) {
  BusyTime busy;
  busy.add(5, 1000);
  EXPECT_EQ(busy.total_ms(), 5U);
}

}  // namespace
}  // namespace spillway::run
