#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "isolated_worker.hpp"
#include "project.hpp"
#include "sandbox_support.hpp"
#include "ssh_server.hpp"
#include "util/fd.hpp"

/// `spillway run --sandbox=command -- …`: workers behind the commands of others, which share nothing with the host.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr auto k_endless_sql =
    "SELECT sum(a.range * b.range) AS s FROM df, range(1000000000) AS a, range(1000000000) AS b";

std::vector<Step> films(const std::string& query) {
  return {csv_extractor("extract-films", "films.csv"), processor("compute-stats", query),
          csv_writer("write-stats", "out/stats.csv")};
}

std::vector<std::string> plain_worker() { return {spillway_program(), "worker"}; }

class CommandTarget : public ::testing::Test {
 protected:
  void SetUp() override {
    m_project.write("films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n");
    m_project.write_pipeline(films("SELECT count(*) AS n FROM df"));
    fs::create_directories(m_project / "remote_tmp");
  }
  /// Workers that are no more isolated than that have their temporary folder here.
  Project::Environment environment() const {
    return {{"PATH", (m_project / "bin").string() + ":" + std::getenv("PATH")},
            {"TMPDIR", (m_project / "remote_tmp").string()}};
  }
  static std::vector<std::string> arguments(const std::vector<std::string>& command,
                                            const std::vector<std::string>& flags = {}) {
    std::vector<std::string> words{"run", "--quiet", "pipeline.yaml", "--sandbox=command"};
    words.insert(words.end(), flags.begin(), flags.end());
    words.emplace_back("--");
    words.insert(words.end(), command.begin(), command.end());
    return words;
  }
  ProcessResult run(const std::vector<std::string>& command, const std::vector<std::string>& flags = {}) const {
    return m_project.spillway(arguments(command, flags), environment());
  }
  /// A program of that name, first in PATH.
  void write_program(const std::string& name, const std::string& script) const {
    m_project.write("bin/" + name, "#!/bin/sh\n" + script);
    fs::permissions(m_project / "bin" / name, fs::perms::owner_all);
  }
  void expect_no_remote_folder() const { EXPECT_THAT(folders("remote_tmp"), IsEmpty()); }
  std::vector<std::string> folders(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(m_project / folder)) names.push_back(entry.path().filename());
    return names;
  }
  /// Waits until the worker's folder is gone: the process that takes it away may still be about to.
  void await_no_remote_folder() const {
    const Fd watch(::inotify_init1(IN_CLOEXEC));
    ::inotify_add_watch(watch.get(), (m_project / "remote_tmp").c_str(), IN_DELETE);
    while (!folders("remote_tmp").empty()) {
      pollfd polled{watch.get(), POLLIN, 0};
      ASSERT_EQ(::poll(&polled, 1, 10'000), 1) << "the folder stays";
      std::array<char, 4096> events{};
      ASSERT_GT(::read(watch.get(), events.data(), events.size()), 0);
    }
  }

  Project m_project;
};

struct Shim {
  const char* program;
  std::vector<std::string> arguments;
};

void PrintTo(const Shim& shim, std::ostream* stream) { *stream << shim.program; }

/// Programs that lead elsewhere: here they check how they are called, and lead to where nothing of the host is.
class CommandTargetShim : public CommandTarget, public ::testing::WithParamInterface<Shim> {};

TEST_P(CommandTargetShim, RunsThePipelineWhereNothingOfTheHostIs) {
  if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
  std::string expected;
  std::vector<std::string> command{GetParam().program};
  for (const std::string& word : GetParam().arguments) {
    expected += (expected.empty() ? "" : " ") + word;
    command.push_back(word);
  }
  write_program(GetParam().program, "[ \"$*\" = '" + expected +
                                        "' ] || { echo \"unexpected: $*\" >&2; exit 125; }\n" + "cd /\n" +
                                        isolated_worker_script());
  m_project.write("parts/a.csv", "id\n1\n");
  m_project.write("parts/b.csv", "id\n2\n");
  std::vector<Step> steps = films("SELECT year, count(*) AS n FROM df GROUP BY year ORDER BY year");
  Step parts = csv_extractor("extract-parts", "parts/*.csv");
  parts.needs = std::vector<std::string>{};
  Step write_parts = csv_writer("write-parts", (m_project / "deep/er/parts.csv").string());
  write_parts.needs = std::vector<std::string>{"extract-parts"};
  steps.push_back(parts);
  steps.push_back(write_parts);
  m_project.write_pipeline(steps);
  expect_success(m_project, run(command, {"--force-spill"}));
  EXPECT_EQ(read_text(m_project / "out/stats.csv"), "year,n\n1979,1\n1985,1\n");
  EXPECT_EQ(read_text(m_project / "deep/er/parts.csv"), "id\n1\n2\n");
  const RunDir run_dir = m_project.latest_run();
  EXPECT_EQ(run_dir.card()["target"], "command");
  EXPECT_EQ(run_dir.status()["target"], "command");
  for (const char* file : {"output.parquet", "schema.json", "cleaned_config.json"}) {
    EXPECT_TRUE(fs::exists(run_dir.path() / "artifacts/compute-stats" / file)) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(Programs, CommandTargetShim,
                         ::testing::Values(Shim{"docker", {"run", "-i", "--rm", "IMAGE", "spillway", "worker"}},
                                           Shim{"podman", {"run", "-i", "--rm", "IMAGE", "spillway", "worker"}},
                                           Shim{"kubectl", {"exec", "-i", "POD", "--", "spillway", "worker"}},
                                           Shim{"systemd-run",
                                                {"--quiet", "--pipe", "--wait", "--collect", "spillway", "worker"}}),
                         [](const auto& tested) {
                           std::string name = tested.param.program;
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(CommandTarget, IsTakenFromTheEnvironmentToo) {
  Project::Environment variables = environment();
  variables["SPILLWAY_SANDBOX"] = "command";
  variables["SPILLWAY_SANDBOX_COMMAND"] = "'" + spillway_program() + "' worker";
  expect_success(m_project, m_project.run(variables));
  EXPECT_EQ(m_project.latest_run().card()["target"], "command");
  expect_no_remote_folder();
}

TEST_F(CommandTarget, HasTheUsersEnvironment) {
  write_program("lead", "printenv PLANTED > seen\nexec '" + spillway_program() + "' worker\n");
  Project::Environment variables = environment();
  variables["PLANTED"] = "for ssh and its like";
  expect_success(m_project, m_project.spillway(arguments({"lead"}), variables));
  EXPECT_EQ(read_text(m_project / "seen"), "for ssh and its like\n");
}

/// Cases in which the file system of the worker could show.
TEST_F(CommandTarget, SaysWhatALocalRunSays) {
  m_project.write("größe.csv", "id\n1\n");
  m_project.write("year=2020/a.csv", "id\n1\n");
  m_project.write("year=2021/b.csv", "id\n2\n");
  m_project.write("empty.csv", "");
  m_project.write("bad.csv", "id,title\n1,Alien\n2\n");
  ASSERT_EQ(::mkfifo((m_project / "pipe.csv").c_str(), 0600), 0);
  const std::string other = (m_project / "other").string();
  m_project.write("other/far.csv", "id\n7\n");
  fs::create_directories(m_project / "work");
  const std::string work = (m_project / "work").string();
  struct {
    Json config;
    std::string output;
  } const cases[] = {
      {{{"path", "../größe.csv"}}, "out.csv"},
      {{{"path", other + "/far.csv"}}, other + "/copy.csv"},
      {{{"path", "../year=*/**/*.csv"}}, "years.csv"},
      {{{"path", "../pipe.csv"}}, "out.csv"},
      {{{"path", "../empty.csv"}}, "out.csv"},
      {{{"path", other + "/missing.csv"}}, "out.csv"},
      {{{"path", "../none-*.csv"}}, "out.csv"},
      {{{"path", "../bad.csv"}}, "out.csv"},
      {{{"path", "../bad.csv"}, {"on_bad_rows", "skip"}}, "out.csv"},
      {{{"path", "../films.csv"}}, "../films.csv/below.csv"},
      {{{"path", "../films.csv"}}, "../other"},
  };
  for (const auto& tested : cases) {
    SCOPED_TRACE(tested.config.dump() + " to " + tested.output);
    m_project.write("work/pipeline.yaml", pipeline_text({{"read", "filesystem.csv_extractor", tested.config},
                                                         csv_writer("write", tested.output)}));
    const auto run_on = [&](const std::vector<std::string>& target) {
      std::vector<std::string> words{"run", "--quiet", "pipeline.yaml", "-C", work};
      words.insert(words.end(), target.begin(), target.end());
      const ProcessResult result = m_project.spillway(words, environment());
      std::string seen = std::to_string(result.exit_code) + "\n" + result.err;
      const fs::path output = fs::path(work) / tested.output;
      if (fs::is_regular_file(output)) seen += read_text(output);
      const RunDir run_dir = RunDir::latest(work);
      EXPECT_EQ(run_dir.problems(), std::vector<std::string>{});
      const fs::path bad_rows = run_dir.path() / "artifacts/read/bad_rows.csv";
      if (fs::exists(bad_rows)) seen += read_text(bad_rows);
      if (tested.output.ends_with(".csv") && fs::is_regular_file(output)) fs::remove(output);
      return seen;
    };
    const std::string local = run_on({"--sandbox=local"});
    EXPECT_EQ(run_on({"--sandbox=command", "--", spillway_program(), "worker"}), local);
  }
  expect_no_remote_folder();
}

TEST_F(CommandTarget, ALargeInputIsStreamed) {
  // No worker's memory counts here: it finds out at once that this is no Parquet.
  m_project.write("films.parquet", "");
  fs::resize_file(m_project / "films.parquet", 200'000'000);
  m_project.write_pipeline(
      {{"read", "filesystem.parquet_extractor", {{"path", "films.parquet"}}}, csv_writer("write", "out/stats.csv")});
  const ProcessResult result = run(plain_worker());
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("cannot read 'films.parquet'"));
  if (!program_is_sanitized()) {
    EXPECT_LT(result.peak_memory_bytes >> 20U, 150);
  }
  expect_no_remote_folder();
}

TEST_F(CommandTarget, WithSharedFilesNothingIsSent) {
  expect_success(m_project, run(plain_worker(), {"--sandbox-shared-files"}));
  EXPECT_EQ(read_text(m_project / "out/stats.csv"), "n\n2\n");
  expect_no_remote_folder();
}

TEST_F(CommandTarget, SharedFilesThatAreNoneEndTheRun) {
  if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
  const ProcessResult result = run(isolated_worker(), {"--sandbox-shared-files"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, StartsWith("error: the worker does not share this machine's files: it made '"));
  EXPECT_THAT(result.err, HasSubstr("or leave out --sandbox-shared-files: then files are sent"));
}

TEST_F(CommandTarget, AnOutputThatIsWrittenElsewhereFailsItsStep) {
  if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
  std::vector<std::string> command = isolated_worker();
  const std::string folder = m_project.path().string();
  command.insert(command.end() - 3, {"--bind", folder, folder, "--tmpfs", folder + "/out"});
  fs::create_directories(m_project / "out");
  const ProcessResult result = run(command, {"--sandbox-shared-files"});
  EXPECT_EQ(result.exit_code, 7) << result.err;
  EXPECT_THAT(result.err, HasSubstr("the worker wrote '" + folder +
                                    "/out/stats.csv' somewhere else: here nothing has "
                                    "changed\n  hint: make the folder '" +
                                    folder + "/out' visible to it"));
  expect_sound_record(m_project.latest_run(), result);
}

TEST_F(CommandTarget, ThereIsNoSuchProgram) {
  const ProcessResult result = run({"dokcer", "run", "IMAGE"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.err,
            "error: cannot start the worker: there is no program 'dokcer' in PATH\n"
            "  hint: it is the first word after --, such as docker, podman, ssh, kubectl or systemd-run\n");
  expect_sound_record(m_project.latest_run(), result);
}

TEST_F(CommandTarget, ACommandThatEndsBeforeTheWorkerIsReady) {
  const ProcessResult result = run({"sh", "-c", "echo 'sh: 1: spillway: not found' >&2; exit 127"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(
      result.err,
      "error: the command 'sh' ended before the worker was ready: exit status 127; its last words:\n"
      "    sh: 1: spillway: not found\n"
      "  hint: spillway is not where the command leads, or not in the PATH there: install it, or name it in full, "
      "such as /opt/spillway/bin/spillway worker\n");
  expect_sound_record(m_project.latest_run(), result);
}

TEST_F(CommandTarget, ACommandThatTakesTooLong) {
  const ProcessResult result =
      run({"sh", "-c", "echo 'Password:' >&2; exec tail -f /dev/null"}, {"--sandbox-start-timeout", "1"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, StartsWith("error: the command 'sh' started no worker within 1 s; its last words:\n"
                                     "    Password:\n  hint: it may wait for something"));
}

TEST_F(CommandTarget, ABannerOnStandardOutput) {
  const ProcessResult result = run({"sh", "-c", "echo Welcome; exec '" + spillway_program() + "' worker"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("the worker broke the protocol: line is no JSON object: Welcome\n"
                                    "  hint: only the worker may write to the command's standard output"));
}

class CommandTargetThatDies : public CommandTarget {
 protected:
  /// A run whose endless step has begun; the old output is there.
  std::unique_ptr<Process> start() {
    m_project.write("out/stats.csv", "old\n");
    m_project.write_pipeline(films(k_endless_sql));
    write_program("lead", "echo $$ > pid\nexec '" + spillway_program() + "' worker\n");
    std::vector<std::string> words = arguments({"lead"});
    std::erase(words, "--quiet");
    words.insert(words.begin(), spillway_program());
    auto process = std::make_unique<Process>(words, ProcessOptions{m_project.path(), environment(), ""});
    EXPECT_TRUE(process->wait_for_error_text("extract-films")) << "the first step is done";
    m_worker = std::stoi(read_text(m_project / "pid"));
    m_worker_process = Fd(static_cast<int>(::syscall(SYS_pidfd_open, m_worker, 0)));
    EXPECT_EQ(folders("remote_tmp").size(), 1U);
    return process;
  }
  void expect_nothing_left() {
    pollfd polled{m_worker_process.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&polled, 1, 10'000), 1) << "the worker has ended";
    await_no_remote_folder();
    EXPECT_EQ(read_text(m_project / "out/stats.csv"), "old\n");
    EXPECT_EQ(m_project.files("out").size(), 1U);
  }

  pid_t m_worker = 0;
  Fd m_worker_process;
};

TEST_F(CommandTargetThatDies, AKilledWorkerFailsTheRun) {
  const auto process = start();
  ::kill(m_worker, SIGKILL);
  const ProcessResult result = process->wait();
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("the worker ended: killed by signal 9 (SIGKILL)"));
  expect_sound_record(m_project.latest_run(), result);
  expect_nothing_left();
}

TEST_F(CommandTargetThatDies, NothingSurvivesAKilledHost) {
  const auto process = start();
  process->send_signal(SIGKILL);
  process->wait();
  expect_nothing_left();
}

TEST_F(CommandTargetThatDies, CtrlCCancelsTheRun) {
  const auto process = start();
  process->send_signal(SIGINT);
  const ProcessResult result = process->wait();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  const RunDir run_dir = m_project.latest_run();
  expect_sound_record(run_dir, result);
  EXPECT_TRUE(fs::exists(run_dir.path() / "artifacts/compute-stats/cleaned_config.json")) << "artifacts came back";
  expect_nothing_left();
}

class SshTarget : public CommandTarget {
 protected:
  void SetUp() override {
    CommandTarget::SetUp();
    if (!no_sshd_reason().empty()) GTEST_SKIP() << no_sshd_reason();
  }
};

TEST_F(SshTarget, RunsWhereNothingOfTheHostIs) {
  if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
  const SshServer server;
  std::string text = "id,title,year\n";
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i) + ",Alien " + std::to_string(i) + ",1979\n";
  m_project.write("films.csv", text);
  m_project.write_pipeline({csv_extractor("extract-films", "films.csv"), csv_writer("write-films", "out/films.csv")});
  expect_success(m_project, run(server.command(isolated_worker_script()), {"--force-spill"}));
  EXPECT_EQ(read_text(m_project / "out/films.csv"), text);
  EXPECT_TRUE(fs::exists(m_project.latest_run().path() / "artifacts/extract-films/output.parquet"));
}

TEST_F(SshTarget, WhatSshSaysWhenItCannot) {
  const SshServer server;
  const std::string worker = "exec '" + spillway_program() + "' worker";
  ProcessResult result = run(server.command(worker, "/dev/null", server.key()));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("the command 'ssh' ended before the worker was ready: exit status 255; its last "
                                    "words:\n"));
  EXPECT_THAT(result.err, HasSubstr("  hint: ssh does not know the host's key yet, and cannot ask"));
  result = run(server.command(worker, server.known_hosts(), server.other_key()));
  EXPECT_THAT(result.err, HasSubstr("  hint: ssh needs a key that works without a question"));
  result = run(server.command("no-such-spillway worker"));
  EXPECT_THAT(result.err, HasSubstr("exit status 127"));
  EXPECT_THAT(result.err, HasSubstr("  hint: spillway is not where the command leads"));
}

}  // namespace
}  // namespace spillway::testing
