#include "run/run_card.hpp"

#include <csignal>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/json_schema.hpp"

namespace spillway::run {
namespace {

using spillway::testing::schema_errors;
using Problems = std::vector<std::string>;

RunOutcome outcome_of(std::vector<StepOutcome> steps) {
  RunOutcome outcome;
  outcome.session_id = "run_1700000000123";
  outcome.pipeline_id = "movies";
  outcome.pipeline_name = "movies";
  outcome.manifest_hash = "0123456789abcdef";
  outcome.target = "local";
  outcome.run_dir = "/tmp/logs/run_1700000000123";
  outcome.steps = std::move(steps);
  return outcome;
}

StepOutcome extractor() {
  StepOutcome step;
  step.step_id = "extract-movies";
  step.driver = "mysql.extractor";
  step.status = StepStatus::succeeded;
  step.attempts = 1;
  step.rows_out = step.rows_read = 14;
  step.has_df_in_memory = true;
  step.artifacts = {"artifacts/extract-movies/cleaned_config.json"};
  return step;
}

// contracts.md, "The run card": these fields, in this order.
TEST(RunCard, HasTheFieldsOfTheContract) {
  const OrderedJson card = run_card(outcome_of({extractor()}));
  EXPECT_EQ(schema_errors(card, "run_card"), Problems{});
  std::vector<std::string> names;
  for (const auto& [name, value] : card.items()) names.push_back(name);
  const std::vector<std::string> expected{"session_id",  "pipeline",    "target",     "status", "started_at",
                                          "finished_at", "duration_ms", "total_rows", "steps",  "error"};
  EXPECT_EQ(names, expected);
  EXPECT_EQ(card["pipeline"].dump(), R"({"id":"movies","name":"movies","manifest_hash":"0123456789abcdef"})");
  const OrderedJson& step = card["steps"][0];
  EXPECT_EQ(step["has_df_in_memory"], true);
  EXPECT_TRUE(step["spill_paths"].is_null());
  EXPECT_TRUE(step["error"].is_null());
  EXPECT_EQ(card["total_rows"], 14);
}

TEST(RunCard, ASpilledFrameNamesItsFiles) {
  StepOutcome step = extractor();
  step.has_df_in_memory = false;
  step.spill_used = true;
  step.spill_paths = SpillPaths{"artifacts/a/output.parquet", "artifacts/a/schema.json"};
  const OrderedJson card = run_card(outcome_of({step}));
  EXPECT_EQ(schema_errors(card, "run_card"), Problems{});
  EXPECT_EQ(card["steps"][0]["spill_paths"].dump(),
            R"({"parquet":"artifacts/a/output.parquet","schema":"artifacts/a/schema.json"})");
}

TEST(RunCard, AFailedRunSaysWhatFailedAndWhatWasSkipped) {
  StepOutcome failed = extractor();
  failed.status = StepStatus::failed;
  failed.error = make_error(ErrorCode::sql, "no such column", "look again");
  StepOutcome skipped = extractor();
  skipped.status = StepStatus::skipped;
  skipped.skip = Skip{"write", SkipReason::upstream_failed, "extract-movies"};
  RunOutcome outcome = outcome_of({failed, skipped});
  outcome.status = RunStatus::failed;
  outcome.exit_code = 1;
  outcome.error = failed.error;
  outcome.failed_step = "extract-movies";
  const OrderedJson card = run_card(outcome);
  EXPECT_EQ(schema_errors(card, "run_card"), Problems{});
  EXPECT_EQ(card["steps"][0]["error"]["code"], "sql");
  EXPECT_EQ(card["steps"][1]["skipped"]["because_of"], "extract-movies");
  EXPECT_EQ(card["error"]["step_id"], "extract-movies");

  const OrderedJson status = status_json(outcome);
  EXPECT_EQ(schema_errors(status, "status"), Problems{});
  EXPECT_EQ(status["ok"], false);
  EXPECT_EQ(status["exit_code"], 1);
  EXPECT_EQ(status["reason"], "step 'extract-movies' failed: no such column");
}

TEST(Status, OfASuccessHasNoReason) {
  const OrderedJson status = status_json(outcome_of({extractor()}));
  EXPECT_EQ(schema_errors(status, "status"), Problems{});
  EXPECT_EQ(status["ok"], true);
  EXPECT_TRUE(status["reason"].is_null());
  EXPECT_EQ(status["steps_completed"], 1);
}

TEST(Status, OfACancelledRunNamesTheSignal) {
  RunOutcome outcome = outcome_of({});
  outcome.status = RunStatus::cancelled;
  outcome.exit_code = 130;
  outcome.stop_signal = SIGINT;
  const OrderedJson status = status_json(outcome);
  EXPECT_EQ(schema_errors(status, "status"), Problems{});
  EXPECT_EQ(status["reason"], "cancelled by SIGINT (Ctrl-C)");
}

TEST(ErrorJson, CarriesThePlace) {
  Error error = make_error(ErrorCode::invalid_pipeline, "unknown need 'x'");
  error.location = Location{"p.yaml", 7, 3};
  EXPECT_EQ(error_json(error).dump(),
            R"({"code":"invalid_pipeline","type":"pipeline","message":"unknown need 'x'","hint":null,)"
            R"("file":"p.yaml","line":7,"column":3})");
}

}  // namespace
}  // namespace spillway::run
