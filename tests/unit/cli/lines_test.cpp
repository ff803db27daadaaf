#include "cli/lines.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace spillway::cli {
namespace {

using pipeline::Role;
using run::StepOutcome;
using run::StepStatus;

const Terminal k_plain{};
const Terminal k_utf8{.is_fancy = false, .is_utf8 = true};
const Columns k_columns{.step_id = 14};

StepOutcome step(StepStatus status, Role role = Role::extractor) {
  StepOutcome outcome;
  outcome.step_id = "extract-movies";
  outcome.role = role;
  outcome.status = status;
  outcome.rows_out = outcome.rows_written = 3201;
  outcome.duration_ms = 12;
  return outcome;
}

TEST(StepLine, SaysRowsTimeRateAndWhereTheFrameIs) {
  EXPECT_EQ(step_line(k_plain, k_columns, step(StepStatus::succeeded)),
            "done       extract-movies         3,201 rows       12 ms      266,750 rows/s  in memory");
}

TEST(StepLine, TheRateIsOfTheRowsThatHadToBeHandled) {
  StepOutcome aggregate = step(StepStatus::succeeded, Role::processor);
  aggregate.rows_in = 1'200'000;
  aggregate.rows_out = 24;
  EXPECT_EQ(step_line(k_plain, k_columns, aggregate),
            "done       extract-movies            24 rows       12 ms  100,000,000 rows/s  in memory");
}

TEST(StepLine, SaysWhyAFrameWasSpilled) {
  StepOutcome spilled = step(StepStatus::succeeded, Role::processor);
  spilled.spill_used = true;
  spilled.spill_reason = "forced";
  EXPECT_TRUE(step_line(k_plain, k_columns, spilled).ends_with("  spilled (forced)"));
}

TEST(StepLine, SaysWhatAWriterWrote) {
  StepOutcome writer = step(StepStatus::succeeded, Role::writer);
  writer.write_target = "out/stats.csv";
  EXPECT_TRUE(step_line(k_plain, k_columns, writer).ends_with("  to out/stats.csv"));
  writer.write_target = "-";
  EXPECT_TRUE(step_line(k_plain, k_columns, writer).ends_with("  to standard output"));
}

TEST(StepLine, ATooShortTimeHasNoRate) {
  StepOutcome quick = step(StepStatus::succeeded);
  quick.duration_ms = 0;
  EXPECT_EQ(step_line(k_plain, k_columns, quick).find("rows/s"), std::string::npos);
}

TEST(StepLine, SaysWhyAStepWasSkipped) {
  StepOutcome skipped = step(StepStatus::skipped);
  const auto line = [&](run::SkipReason reason, const char* because_of) {
    skipped.skip = run::Skip{"extract-movies", reason, because_of};
    return step_line(k_plain, k_columns, skipped);
  };
  EXPECT_EQ(line(run::SkipReason::upstream_failed, "a"), "skipped    extract-movies  it needs a, which failed");
  EXPECT_EQ(line(run::SkipReason::run_failed, "a"), "skipped    extract-movies  the run ended when a failed");
  EXPECT_EQ(line(run::SkipReason::run_failed, ""), "skipped    extract-movies  the run failed");
  EXPECT_EQ(line(run::SkipReason::run_cancelled, ""), "skipped    extract-movies  the run was cancelled");
}

TEST(StepLine, ColoursOnlyATerminal) {
  const Terminal fancy{.is_fancy = true};
  EXPECT_TRUE(step_line(fancy, k_columns, step(StepStatus::failed)).starts_with("\x1b[31mfailed"));
  EXPECT_TRUE(step_line(k_plain, k_columns, step(StepStatus::failed)).starts_with("failed"));
}

TEST(Bar, FillsWithThePercent) {
  EXPECT_EQ(bar(0, 10, k_plain), "[----------]");
  EXPECT_EQ(bar(50, 10, k_plain), "[#####-----]");
  EXPECT_EQ(bar(99.9, 10, k_plain), "[#########-]") << "full only when it is done";
  EXPECT_EQ(bar(100, 10, k_plain), "[##########]");
  EXPECT_EQ(bar(50, 4, k_utf8), "[██░░]");
}

TEST(Bar, SurvivesNonsense) {
  EXPECT_EQ(bar(-5, 4, k_plain), "[----]");
  EXPECT_EQ(bar(1e9, 4, k_plain), "[####]");
  EXPECT_EQ(bar(std::numeric_limits<double>::quiet_NaN(), 4, k_plain), "[----]");
  EXPECT_EQ(bar(50, 0, k_plain), "[]");
}

RunningStep running(std::optional<double> percent, std::optional<std::uint64_t> rows) {
  return {"extract-movies", 2000, {percent, rows}};
}

TEST(RunningLine, ShowsABarWhenThePercentIsKnown) {
  const Terminal wide{.width = 120};
  EXPECT_EQ(running_line(wide, k_columns, running(42.7, 1'000'000)),
            "running    extract-movies  [############------------------]  42 %     1,000,000 rows      2.00 s      "
            "500,000 rows/s");
}

TEST(RunningLine, ShowsWhatItKnows) {
  EXPECT_EQ(running_line(k_plain, k_columns, running(std::nullopt, std::nullopt)),
            "running    extract-movies  2.00 s");
  EXPECT_EQ(running_line(k_plain, k_columns, running(std::nullopt, 1000)),
            "running    extract-movies         1,000 rows      2.00 s          500 rows/s");
}

TEST(RunningLine, NeverWraps) {
  for (unsigned width = 1; width < 130; ++width) {
    for (const bool is_utf8 : {false, true}) {
      const Terminal terminal{.is_utf8 = is_utf8, .width = width};
      const std::string line = running_line(terminal, k_columns, running(42.0, 123'456'789));
      const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
      const auto cells = line.size() - static_cast<std::size_t>(std::ranges::count_if(line, continues));
      EXPECT_LE(cells, std::max(width - 1, 1U)) << line;
    }
  }
}

TEST(Columns, FitTheLongestIdWithinReason) {
  std::vector<StepOutcome> steps(2);
  steps[0].step_id = "a";
  steps[1].step_id = "extract";
  EXPECT_EQ(columns_of(steps).step_id, 7U);
  steps[0].step_id = std::string(200, 'x');
  EXPECT_EQ(columns_of(steps).step_id, 40U);
}

TEST(Rate, DoesNotOverflow) { EXPECT_EQ(rate(6'000'000'000'000'000'000, 1000), "6,000,000,000,000,000,000 rows/s"); }

}  // namespace
}  // namespace spillway::cli
