#include "run/run.hpp"

#include <fcntl.h>

#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_worker.hpp"
#include "support/run_dir.hpp"
#include "support/temp_dir.hpp"
#include "util/fd.hpp"

namespace spillway::run {
namespace {

namespace fs = std::filesystem;
using pipeline::Role;
using protocol::CancelCommand;
using protocol::Command;
using protocol::ExecStepCommand;
using protocol::PrepareCommand;
using spillway::testing::read_text;
using spillway::testing::RunDir;
using spillway::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Problems = std::vector<std::string>;

/// Notes what it is told, in short.
class NotingObserver : public Observer {
 public:
  void run_started(const RunOutcome&) override { notes.emplace_back("run"); }
  void step_started(const StepOutcome& step) override { notes.push_back("start " + step.step_id); }
  void step_progressed(const StepOutcome& step, const Progress& progress) override {
    notes.push_back("progress " + step.step_id + " " + std::to_string(progress.rows.value_or(0)));
  }
  void preparing(const std::string&) override {}
  void step_finished(const StepOutcome& step) override {
    notes.push_back(std::string(to_string(step.status)) + " " + step.step_id);
  }
  void output_follows() override { notes.emplace_back("output"); }
  void tick() override { ++ticks; }

  std::vector<std::string> notes;
  int ticks = 0;
};

struct StepSpec {
  std::string id;
  Role role;
  std::vector<std::string> needs;
};

class RunTest : public ::testing::Test {
 protected:
  RunTest() { m_request.base_dir = m_folder.path(); }

  void plan(const std::vector<StepSpec>& steps) {
    m_request.plan.manifest.pipeline_id = "p";
    m_request.plan.manifest.pipeline_name = "p";
    for (const StepSpec& spec : steps) {
      pipeline::ManifestStep step;
      step.id = spec.id;
      step.driver = "test." + spec.id;
      step.mode = spec.role == Role::extractor ? pipeline::Mode::read
                  : spec.role == Role::writer  ? pipeline::Mode::write
                                               : pipeline::Mode::transform;
      step.needs = spec.needs;
      step.cfg_path = "cfg/" + spec.id + ".json";
      m_request.plan.manifest.steps.push_back(step);
      m_request.plan.roles[spec.id] = spec.role;
      m_request.plan.files[step.cfg_path] = "{}\n";
    }
  }
  void plan_chain() {
    plan({{"extract", Role::extractor, {}},
          {"compute", Role::processor, {"extract"}},
          {"write", Role::writer, {"compute"}}});
  }

  RunOutcome run() {
    const Fd out(::open((m_folder / "stdout").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return execute(m_request, {.open_channel = [this](const sandbox::RunPlace&) { return m_worker.open(); },
                               .observer = m_observer,
                               .stop_signal = [this] { return m_stop_signal(); },
                               .out_fd = out.get(),
                               .now = m_now,
                               .cancel_grace = m_cancel_grace});
  }
  RunDir run_dir() const { return RunDir::latest(m_folder.path()); }
  std::vector<std::string> event_names() const {
    std::vector<std::string> names;
    for (const Json& event : run_dir().events()) names.push_back(event["event"]);
    return names;
  }

  TempDir m_folder;
  Request m_request;
  FakeWorker m_worker;
  NotingObserver m_observer;
  std::function<int()> m_stop_signal = [] { return 0; };
  WallClock m_now = std::chrono::system_clock::now;
  /// Longer than any machine is slow; a test that waits for its end shortens it.
  std::chrono::milliseconds m_cancel_grace = std::chrono::minutes(1);
};

TEST_F(RunTest, SendsTheCommandStreamInDependencyOrder) {
  plan_chain();
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.status, RunStatus::success);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(m_worker.commands, ElementsAre("prepare", "exec extract", "exec compute", "exec write", "cleanup"));
  EXPECT_THAT(m_worker.executed[0].inputs, IsEmpty());
  EXPECT_EQ(m_worker.executed[1].inputs.at("df").from_step, "extract");
  EXPECT_EQ(m_worker.executed[1].cfg_path, "cfg/compute.json");
  EXPECT_THAT(m_observer.notes, ElementsAre("run", "start extract", "succeeded extract", "start compute",
                                            "succeeded compute", "start write", "succeeded write"));
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, ARunDirectoryHoldsTheWholeRecord) {
  plan_chain();
  const RunOutcome outcome = run();
  for (const char* file : {"manifest.yaml", "cfg/extract.json", "commands.jsonl", "events.jsonl", "metrics.jsonl",
                           "spillway.log", "status.json", "artifacts/_system/run_card.json"}) {
    EXPECT_TRUE(fs::exists(outcome.run_dir / file)) << file;
  }
  EXPECT_THAT(event_names(), ElementsAre("run_start", "cfg_materialized", "cfg_materialized", "cfg_materialized",
                                         "artifact_created", "run_complete"));
  EXPECT_EQ(fs::read_symlink(m_folder / "logs/latest"), outcome.session_id);
  const auto prepare = run_dir().commands()[0];
  EXPECT_EQ(prepare["settings"]["session_dir"], outcome.run_dir.string());
  EXPECT_EQ(prepare["settings"]["base_dir"], m_folder.path().string());
}

TEST_F(RunTest, EveryNeedOfAJoinIsAnInput) {
  plan({{"a-1", Role::extractor, {}}, {"b", Role::extractor, {}}, {"join", Role::processor, {"a-1", "b"}}});
  run();
  const auto& inputs = m_worker.executed[2].inputs;
  EXPECT_EQ(inputs.at("df_a_1").from_step, "a-1");
  EXPECT_EQ(inputs.at("df_b").from_step, "b");
}

TEST_F(RunTest, IndependentBranchesRunSideBySide) {
  plan({{"a", Role::extractor, {}}, {"b", Role::extractor, {}}, {"c", Role::extractor, {}}});
  m_request.settings.threads = 1;
  std::vector<std::string> waiting;
  m_worker.script = [&](const Command& command) {
    const auto* exec = std::get_if<ExecStepCommand>(&command);
    if (exec == nullptr) return m_worker.behave(command);
    waiting.push_back(exec->step_id);
    // Neither of the first two ends before both run: a host that ran one at a time would never get on.
    if (waiting.size() == 2) {
      for (const std::string& id : waiting) m_worker.complete(id);
    }
    if (waiting.size() == 3) m_worker.complete(exec->step_id);
  };
  EXPECT_EQ(run().status, RunStatus::success);
  EXPECT_THAT(waiting, ElementsAre("a", "b", "c"));
}

TEST_F(RunTest, AFailedPrepareFailsTheRunWithExit7) {
  plan_chain();
  m_worker.script = [&](const Command& command) {
    if (std::holds_alternative<PrepareCommand>(command)) {
      m_worker.respond("error",
                       {{"error", "cannot load the engine library"}, {"error_code", "internal"}, {"hint", "h"}});
    }
  };
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.status, RunStatus::failed);
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_THAT(m_worker.commands, ElementsAre("prepare")) << "no step runs, and nothing is there to clean up";
  EXPECT_THAT(m_observer.notes, ElementsAre("run", "skipped extract", "skipped compute", "skipped write"));
  EXPECT_EQ(run_dir().card()["error"]["message"], "cannot load the engine library");
  EXPECT_EQ(run_dir().events("step_skipped")[0]["reason"], "run_failed");
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, APrepareThatFindsAnInvalidConfigExits3) {
  plan_chain();
  m_worker.script = [&](const Command&) {
    m_worker.respond("error", {{"error", "bad config"}, {"error_code", "invalid_config"}});
  };
  EXPECT_EQ(run().exit_code, 3);
}

TEST_F(RunTest, AChannelThatCannotBeOpenedFailsTheRunWithExit7) {
  plan_chain();
  const RunOutcome outcome =
      execute(m_request, {.open_channel = [](const sandbox::RunPlace&) -> std::unique_ptr<sandbox::Channel> {
                            fail(ErrorCode::sandbox, "bubblewrap is missing");
                          },
                          .observer = m_observer,
                          .stop_signal = m_stop_signal});
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, AWorkerThatDiesFailsTheRunningStepAndTheRun) {
  plan_chain();
  m_worker.script = [&](const Command& command) {
    const auto* exec = std::get_if<ExecStepCommand>(&command);
    if (exec != nullptr && exec->step_id == "compute") return m_worker.die();
    m_worker.behave(command);
  };
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_EQ(run_dir().card_step("extract")["status"], "succeeded");
  EXPECT_EQ(run_dir().card_step("compute")["status"], "failed");
  EXPECT_EQ(run_dir().card_step("write")["status"], "skipped");
  const auto failed = run_dir().events("step_failed");
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_THAT(failed[0]["error"], HasSubstr("killed by signal 9"));
  EXPECT_EQ(failed[0]["error_code"], "sandbox");
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, AFailureCancelsWhatRunsAndSkipsTheRest) {
  plan({{"bad", Role::extractor, {}},
        {"slow", Role::extractor, {}},
        {"after-bad", Role::processor, {"bad"}},
        {"after-slow", Role::processor, {"slow"}}});
  m_worker.script = [&](const Command& command) {
    if (const auto* exec = std::get_if<ExecStepCommand>(&command)) {
      if (exec->step_id == "bad") m_worker.fail_step("bad", "sql");
    } else if (std::holds_alternative<CancelCommand>(command)) {
      m_worker.fail_step("slow", "cancelled");
    } else {
      m_worker.behave(command);
    }
  };
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.failed_step, "bad");
  EXPECT_THAT(m_worker.commands, ElementsAre("prepare", "exec bad", "exec slow", "cancel", "cleanup"));
  EXPECT_EQ(run_dir().card_step("slow")["status"], "cancelled");
  const auto skipped = run_dir().events("step_skipped");
  ASSERT_EQ(skipped.size(), 2U);
  EXPECT_EQ(skipped[0]["step_id"], "after-bad");
  EXPECT_EQ(skipped[0]["reason"], "upstream_failed");
  EXPECT_EQ(skipped[0]["because_of"], "bad");
  EXPECT_EQ(skipped[1]["step_id"], "after-slow");
  EXPECT_EQ(skipped[1]["reason"], "run_failed");
  EXPECT_EQ(skipped[1]["because_of"], "bad");
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, AStepThatTheWorkerRefusesHasFailed) {
  plan_chain();
  m_worker.script = [&](const Command& command) {
    if (!std::holds_alternative<ExecStepCommand>(command)) return m_worker.behave(command);
    m_worker.respond("error", {{"step_id", "extract"}, {"error", "no such driver"}, {"error_code", "unsupported"}});
  };
  EXPECT_EQ(run().exit_code, 1);
  EXPECT_EQ(run_dir().events("step_failed")[0]["error"], "no such driver");
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, ASignalCancelsTheRun) {
  plan_chain();
  bool interrupted = false;
  m_stop_signal = [&] { return interrupted ? SIGINT : 0; };
  m_worker.script = [&](const Command& command) {
    if (std::holds_alternative<ExecStepCommand>(command)) {
      interrupted = true;
    } else if (std::holds_alternative<CancelCommand>(command)) {
      m_worker.fail_step("extract", "cancelled");
    } else {
      m_worker.behave(command);
    }
  };
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.status, RunStatus::cancelled);
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_THAT(m_worker.commands, ElementsAre("prepare", "exec extract", "cancel", "cleanup"));
  EXPECT_EQ(run_dir().card_step("extract")["status"], "cancelled");
  EXPECT_EQ(run_dir().events("step_skipped")[0]["reason"], "run_cancelled");
  EXPECT_EQ(event_names().back(), "run_cancelled");
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, ATerminatedRunExits143) {
  plan_chain();
  m_stop_signal = [] { return SIGTERM; };
  EXPECT_EQ(run().exit_code, 143);
  EXPECT_THAT(m_worker.commands, ElementsAre("prepare", "cleanup"));
}

TEST_F(RunTest, AStepThatDoesNotStopIsLeftBehind) {
  plan_chain();
  m_cancel_grace = std::chrono::milliseconds(20);
  bool interrupted = false;
  m_stop_signal = [&] { return interrupted ? SIGINT : 0; };
  m_worker.script = [&](const Command& command) {
    if (std::holds_alternative<PrepareCommand>(command)) m_worker.behave(command);
    if (std::holds_alternative<ExecStepCommand>(command)) interrupted = true;
  };
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_THAT(m_worker.commands, ElementsAre("prepare", "exec extract", "cancel"))
      << "no cleanup under a running step";
  EXPECT_EQ(run_dir().card_step("extract")["status"], "cancelled");
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, TheRunCardSaysWhereFramesWereAtTheEnd) {
  plan_chain();
  m_worker.script = [&](const Command& command) {
    if (const auto* exec = std::get_if<ExecStepCommand>(&command)) {
      m_worker.complete(exec->step_id, {{"rows_out", 14}, {"has_df_in_memory", true}, {"spill_used", false}});
    } else if (std::holds_alternative<protocol::CleanupCommand>(command)) {
      fs::create_directories(run_dir().path() / "artifacts/extract");
      std::ofstream(run_dir().path() / "artifacts/extract/output.parquet") << "PAR1";
      std::ofstream(run_dir().path() / "artifacts/extract/schema.json")
          << R"({"row_count": 14, "columns": ["id"], "dtypes": {"id": "BIGINT"}})";
      m_worker.respond(
          "cleaned",
          {{"frames",
            {{"extract",
              {{"has_df_in_memory", false},
               {"spill_used", true},
               {"spill_paths",
                {{"parquet", "artifacts/extract/output.parquet"}, {"schema", "artifacts/extract/schema.json"}}}}}}}});
    } else {
      m_worker.behave(command);
    }
  };
  run();
  EXPECT_EQ(run_dir().card_step("extract")["spill_used"], true) << "moved under pressure after it was complete";
  EXPECT_EQ(run_dir().card_step("extract")["has_df_in_memory"], false);
  EXPECT_EQ(run_dir().card_step("compute")["has_df_in_memory"], true);
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, ProgressIsShownAndNotRecorded) {
  plan({{"a", Role::extractor, {}}});
  m_worker.script = [&](const Command& command) {
    if (std::holds_alternative<ExecStepCommand>(command)) {
      m_worker.say(protocol::Metric{"progress", 40.0, "", {{"step_id", "a"}, {"unit", "percent"}, {"rows", 1000}}});
      m_worker.say(protocol::Metric{"rows_out", 7, "", {{"step_id", "a"}, {"unit", "rows"}}});
    }
    m_worker.behave(command);
  };
  run();
  EXPECT_THAT(m_observer.notes, ElementsAre("run", "start a", "progress a 1000", "succeeded a"));
  const std::string metrics = read_text(run_dir().path() / "metrics.jsonl");
  EXPECT_THAT(metrics, Not(HasSubstr("progress")));
  EXPECT_THAT(metrics, HasSubstr("rows_out"));
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, WhatAStepWritesToStandardOutputIsCopiedOnceItIsComplete) {
  plan({{"a", Role::extractor, {}}, {"write", Role::writer, {"a"}}});
  m_worker.script = [&](const Command& command) {
    const auto* exec = std::get_if<ExecStepCommand>(&command);
    if (exec == nullptr || exec->step_id != "write") return m_worker.behave(command);
    fs::create_directories(run_dir().path() / "artifacts/write");
    std::ofstream(run_dir().path() / "artifacts/write/stdout") << "id\n1\n";
    m_worker.event(
        "artifact_created",
        {{"step_id", "write"}, {"artifact_type", "stdout"}, {"path", "artifacts/write/stdout"}, {"size_bytes", 5}});
    m_worker.complete("write");
  };
  EXPECT_EQ(run().exit_code, 0);
  EXPECT_EQ(read_text(m_folder / "stdout"), "id\n1\n");
  EXPECT_THAT(m_observer.notes,
              ElementsAre("run", "start a", "succeeded a", "start write", "output", "succeeded write"));
  EXPECT_FALSE(fs::exists(run_dir().path() / "artifacts/write/stdout"));
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, TheRunCardListsTheArtifactsOfAStepAlsoWhenItFailed) {
  plan({{"a", Role::extractor, {}}});
  m_worker.script = [&](const Command& command) {
    if (!std::holds_alternative<ExecStepCommand>(command)) return m_worker.behave(command);
    fs::create_directories(run_dir().path() / "artifacts/a");
    std::ofstream(run_dir().path() / "artifacts/a/cleaned_config.json") << "{}";
    m_worker.event("artifact_created", {{"step_id", "a"},
                                        {"artifact_type", "cleaned_config"},
                                        {"path", "artifacts/a/cleaned_config.json"},
                                        {"size_bytes", 2}});
    m_worker.fail_step("a", "io");
  };
  EXPECT_EQ(run().exit_code, 1);
  EXPECT_EQ(run_dir().card_step("a")["artifacts"], Json({"artifacts/a/cleaned_config.json"}));
  EXPECT_EQ(run_dir().problems(), Problems{});
}

TEST_F(RunTest, AnErrorOfTheWorkerItselfEndsTheRun) {
  plan_chain();
  m_worker.script = [&](const Command& command) {
    if (std::holds_alternative<ExecStepCommand>(command))
      return m_worker.say(protocol::ErrorMessage{"line is no JSON"});
    if (std::holds_alternative<CancelCommand>(command)) return m_worker.fail_step("extract", "cancelled");
    m_worker.behave(command);
  };
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_EQ(run_dir().card_step("extract")["status"], "cancelled");
}

TEST_F(RunTest, AnAnswerForAStepThatDoesNotRunChangesNothing) {
  plan({{"a", Role::extractor, {}}});
  m_worker.script = [&](const Command& command) {
    m_worker.behave(command);
    if (std::holds_alternative<ExecStepCommand>(command)) {
      m_worker.fail_step("a", "sql");
      m_worker.complete("nobody");
    }
  };
  EXPECT_EQ(run().exit_code, 0) << "the first answer counts";
}

TEST_F(RunTest, SecretsInErrorsAreMaskedEverywhere) {
  plan_chain();
  m_request.redactor.add_secret("hunter2-hunter2");
  m_worker.script = [&](const Command& command) {
    if (!std::holds_alternative<ExecStepCommand>(command)) return m_worker.behave(command);
    m_worker.respond("complete", {{"step_id", "extract"},
                                  {"error", "cannot connect as root:hunter2-hunter2"},
                                  {"error_code", "connection"},
                                  {"hint", "is hunter2-hunter2 right?"}});
  };
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.error->full_message().find("hunter2"), std::string::npos);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(outcome.run_dir)) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(read_text(entry.path()).find("hunter2"), std::string::npos) << entry.path();
  }
}

TEST_F(RunTest, WithoutARunDirectoryThereIsNoRun) {
  plan_chain();
  std::ofstream(m_folder / "logs") << "a file";
  EXPECT_THROW(run(), Exception);
  EXPECT_THAT(m_worker.commands, IsEmpty());
}

TEST_F(RunTest, ARunOfNoStepsSucceeds) {
  plan({});
  EXPECT_EQ(run().exit_code, 0);
  EXPECT_EQ(run_dir().card()["total_rows"], 0);
}

TEST_F(RunTest, AWorkerOfAnotherVersionRunsNothing) {
  plan({{"a", Role::extractor, {}}});
  for (const Json& ready : {Json{{"protocol", protocol::k_version + 1}, {"version", k_program_version}},
                            Json{{"protocol", protocol::k_version}, {"version", "9.9.9"}}, Json::object()}) {
    m_worker.script = [&](const Command& command) {
      if (std::holds_alternative<PrepareCommand>(command)) m_worker.respond("ready", ready);
    };
    m_worker.commands.clear();
    const RunOutcome outcome = run();
    EXPECT_EQ(outcome.exit_code, 7);
    EXPECT_EQ(outcome.error->code, ErrorCode::sandbox);
    EXPECT_THAT(outcome.error->message, HasSubstr("the worker speaks protocol "));
    EXPECT_THAT(m_worker.commands, ElementsAre("prepare"));
  }
}

TEST_F(RunTest, AClockThatIsSetBackChangesNoOrderAndNoDuration) {
  plan_chain();
  WallTime now{std::chrono::hours(400'000)};
  m_now = [&now] { return now -= std::chrono::hours(1); };
  const RunOutcome first = run();
  EXPECT_EQ(run_dir().problems(), Problems{}) << "the events are numbered in the order in which they came";
  EXPECT_GE(first.finished_at, first.started_at);
  EXPECT_LT(first.duration_ms, 60'000U);
}

TEST_F(RunTest, AClockThatIsSetBackToTheTimeOfAnotherRunGivesAnotherId) {
  plan({});
  m_now = [] { return WallTime(std::chrono::hours(400'000)); };
  const RunOutcome first = run();
  const RunOutcome second = run();
  EXPECT_EQ(first.session_id, "run_1440000000000");
  EXPECT_EQ(second.session_id, "run_1440000000001");
  EXPECT_EQ(run_dir().path().filename(), second.session_id) << "latest is the newest run, not the greatest number";
}

TEST_F(RunTest, WhatAKilledWorkerLeftIsTakenAway) {
  plan_chain();
  m_worker.script = [&](const Command& command) {
    if (!std::holds_alternative<ExecStepCommand>(command)) return m_worker.behave(command);
    const fs::path run_dir = fs::canonical(m_folder / "logs/latest");
    fs::create_directories(run_dir / "artifacts/extract");
    std::ofstream(run_dir / "artifacts/extract/.output.parquet.spill.tmp") << "half of it";
    fs::create_directories(run_dir / "tmp");
    m_worker.die();
  };
  EXPECT_EQ(run().exit_code, 7);
  EXPECT_EQ(run_dir().problems(), Problems{});
}

}  // namespace
}  // namespace spillway::run
