#include <signal.h>

#include <array>
#include <chrono>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "e2b_fixture.hpp"
#include "support/long_form.hpp"
#include "support/process_tree.hpp"
#include "util/strings.hpp"

/// What networks, proxies and hosts do to a run in E2B: it ends correctly, or fails and says why, and no sandbox is
/// left.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Kind = ProxyFault::Kind;

int moments() { return is_long_form() ? 100 : 4; }

class E2bFaults : public E2bFixture {
 protected:
  /// What hosts and proxies say when it may go better the next time.
  static std::vector<std::string> passing_answers() {
    const std::string html = "<html><body>upstream request timeout</body></html>";
    const std::string slow_down = R"({"code":429,"message":"slow down"})";
    return {http_answer("502 Bad Gateway", html, {}, "text/html"), http_answer("503 Service Unavailable", "busy"),
            http_answer("429 Too Many Requests", slow_down, "Retry-After: 1\r\n"),
            http_answer("429 Too Many Requests", slow_down),
            http_answer("504 Gateway Timeout", "upstream request timeout", {}, "text/plain")};
  }
  static constexpr std::size_t k_title_bytes = 100'000;

  /// The run has done its work, or says why not: then the output is there as a whole, of a writer that had succeeded
  /// when the sandbox was lost, or not at all.
  void expect_whole_or_told(const ProcessResult& result) const {
    if (result.exit_code == 0) {
      EXPECT_EQ(output(), k_output);
    } else {
      EXPECT_EQ(result.exit_code, 7) << result.err;
      EXPECT_THAT(result.err, HasSubstr("error: "));
      EXPECT_THAT(output(), AnyOf("", k_output));
    }
    EXPECT_EQ(s_host->sandboxes(), 0U);
  }
  /// Files that are too large for a line, both ways: the input, and the frame of the step that reads it.
  void use_large_files() {
    std::mt19937 random(1);
    std::string text = "id,title,year\n";
    for (const char* row : {"1,?,1979\n", "2,?,1985\n", "3,?,1985\n"}) {
      std::string title(k_title_bytes, ' ');
      for (char& c : title) c = "0123456789abcdef"[random() % 16];
      text += replace_all(row, "?", title);
    }
    m_project.write("films.csv", text);
    m_environment = {{"E2B_FORCE_SPILL", "1"}, {"E2B_DOWNLOAD_DATA_ARTIFACTS", "1"}};
  }
  /// A run that something happens to at random moments; returns how many have done their work.
  int at_random_moments(const std::function<void()>& happen, const std::vector<std::string>& options = {}) {
    std::mt19937 random(20260823);
    int good = 0;
    for (int i = 0; i < moments(); ++i) {
      SCOPED_TRACE("moment " + std::to_string(i));
      fs::remove_all(m_project / "out");
      const auto moment = std::chrono::milliseconds(std::uniform_int_distribution<int>(0, 1200)(random));
      std::thread meanwhile([&] {
        std::this_thread::sleep_for(moment);
        happen();
      });
      const ProcessResult result = run(options);
      meanwhile.join();
      expect_whole_or_told(result);
      if (output() == k_output) ++good;
    }
    return good;
  }
  /// The worker, and what it has started.
  static std::vector<pid_t> worker() {
    std::vector<pid_t> found;
    for (const pid_t pid : descendants(s_host->server().pid())) {
      const std::string words = proc_file(pid, "cmdline");
      // Not the shell before it is one.
      if (words.find("--numbered") != std::string::npos && !words.starts_with("/bin/sh")) found.push_back(pid);
    }
    return found;
  }
  void clean() const {
    ProcessOptions options;
    options.environment = s_host->environment();
    run_spillway({"sandboxes", "clean", "--all"}, options);
  }
};

TEST_F(E2bFaults, EveryConnectionIsCut) {
  EXPECT_EQ(at_random_moments([this] { m_proxy->cut_now(); }), moments()) << "nothing was lost but time";
}

TEST_F(E2bFaults, TheWayIsDownForAWhile) {
  EXPECT_EQ(at_random_moments([this] {
              m_proxy->set_down(true);
              m_proxy->cut_now();
              std::this_thread::sleep_for(300ms);
              m_proxy->set_down(false);
            }),
            moments());
}

TEST_F(E2bFaults, TheSandboxVanishes) {
  at_random_moments([this] { clean(); });
}

TEST_F(E2bFaults, TheSandboxVanishesAndTheRunIsRunAgain) {
  EXPECT_EQ(at_random_moments([this] { clean(); }, {"--e2b-retries=3"}), moments());
}

TEST_F(E2bFaults, TheSandboxVanishesAndTheErrorSaysSo) {
  m_project.write_pipeline(
      {csv_extractor("films", "films.csv"), processor("endless", k_long_sql), csv_writer("write", "out/stats.csv")});
  std::thread meanwhile([&] {
    while (s_host->sandboxes() == 0) std::this_thread::sleep_for(20ms);
    std::this_thread::sleep_for(1500ms);
    clean();
  });
  const ProcessResult result = run();
  meanwhile.join();
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("error: the sandbox is gone: "));
  EXPECT_THAT(result.err, HasSubstr("  hint: --e2b-retries runs a pipeline again that lost its sandbox"));
}

/// What is answered once in place of the server, for each kind of request.
TEST_F(E2bFaults, OneRequestOfEachKindIsRefusedForAMoment) {
  use_large_files();
  for (const char* request : {"POST /sandboxes", "POST /files", "GET /files", "/process.Process/Start",
                              "/process.Process/SendInput", "DELETE /sandboxes"}) {
    for (const std::string& answer : passing_answers()) {
      SCOPED_TRACE(std::string(request) + ": " + answer.substr(0, answer.find('\r')));
      fs::remove_all(m_project / "out");
      m_proxy->add({.match = request, .kind = Kind::answer, .bytes = answer});
      const int met = m_proxy->faults_met();
      const ProcessResult result = run();
      EXPECT_EQ(m_proxy->faults_met(), met + 1);
      m_proxy->clear_faults();
      expect_whole_or_told(result);
      // Everything but the start of the worker is tried again.
      if (std::string_view(request) == "/process.Process/Start") continue;
      EXPECT_EQ(result.exit_code, 0) << result.err;
    }
  }
}

/// Any request, and once in a while the disk is full.
TEST_F(E2bFaults, RequestsAreRefusedAtRandomMoments) {
  use_large_files();
  std::vector<std::string> answers = passing_answers();
  answers.push_back(http_answer("507 Insufficient Storage", R"({"code":507,"message":"no space left"})"));
  std::mt19937 random(20261129);
  for (int i = 0; i < moments(); ++i) {
    const std::string& answer = answers[random() % answers.size()];
    const int skip = static_cast<int>(random() % 9);
    SCOPED_TRACE("after " + std::to_string(skip) + " requests: " + answer.substr(0, answer.find('\r')));
    fs::remove_all(m_project / "out");
    m_proxy->add({.match = "", .kind = Kind::answer, .bytes = answer, .skip = skip});
    expect_whole_or_told(run());
    m_proxy->clear_faults();
  }
}

TEST_F(E2bFaults, TheAnswerOfCreateIsLostAndNoSecondSandboxIsMade) {
  for (const Kind kind : {Kind::cut_response, Kind::cut_request}) {
    const std::size_t before = made();
    m_proxy->add({.match = "POST /sandboxes", .kind = kind, .after_bytes = 10});
    EXPECT_EQ(run().exit_code, 0);
    EXPECT_EQ(made(), before + 1);
  }
}

/// Each kind of request, and what is answered, from their first bytes on.
TEST_F(E2bFaults, RequestsAndAnswersAreCutAfterSoManyBytes) {
  use_large_files();
  constexpr std::array<std::uint64_t, 4> k_first{0, 1, 100, 700};
  std::mt19937 random(20261128);
  for (const char* request : {"POST /files", "GET /files", "/process.Process/Start", "/process.Process/SendInput"}) {
    for (int i = 0; i < moments(); ++i) {
      const std::uint64_t bytes =
          i < 4 ? k_first.at(static_cast<std::size_t>(i)) : random() % (i % 2 == 0 ? 2'000 : 300'000);
      SCOPED_TRACE(std::string(request) + " after " + std::to_string(bytes));
      fs::remove_all(m_project / "out");
      m_proxy->add({.match = request, .kind = Kind::cut_response, .after_bytes = bytes});
      m_proxy->add({.match = request, .kind = Kind::cut_request, .after_bytes = bytes});
      const int met = m_proxy->faults_met();
      expect_whole_or_told(run());
      EXPECT_GT(m_proxy->faults_met(), met);
      m_proxy->clear_faults();
    }
  }
}

TEST_F(E2bFaults, TheWorkerIsCutWhileItIsSent) {
  if (!is_long_form()) GTEST_SKIP() << "packing the program with sanitizers takes half a minute";
  const SandboxServer without_worker;
  m_proxy.emplace(without_worker.port());
  std::mt19937 random(20261128);
  for (int i = 0; i < moments(); ++i) {
    const std::uint64_t bytes = random() % (std::uint64_t{16} << 20);
    SCOPED_TRACE("after " + std::to_string(bytes));
    fs::remove_all(m_project / "out");
    m_proxy->add({.match = i % 2 == 0 ? "POST /files" : "SendInput",
                  .kind = Kind::cut_request,
                  .after_bytes = i % 2 == 0 ? bytes : bytes % 300,
                  .skip = i % 3});
    const ProcessResult result = run();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(output(), k_output);
    m_proxy->clear_faults();
  }
}

TEST_F(E2bFaults, AStalledStreamIsTakenUpAgain) {
  if (!is_long_form()) GTEST_SKIP() << "it takes 40 seconds until a stream counts as stalled";
  m_proxy->add({.match = "/process.Process/Start", .kind = Kind::stall_response, .after_bytes = 600});
  EXPECT_EQ(run().exit_code, 0);
  EXPECT_EQ(output(), k_output);
}

TEST_F(E2bFaults, TheDiskOfTheSandboxIsFull) {
  const E2bHost host({"--disk=2MB"});
  m_project.write("films.csv", "id,title,year\n1,Alien,1979\n" + std::string(std::size_t{8} << 20, '\n'));
  const ProcessResult result = m_project.spillway({"run", "pipeline.yaml", "--quiet", "--e2b"}, host.environment());
  EXPECT_EQ(result.exit_code, 7);
  // Who meets it first: the host that sends a part, or the worker that puts it in its place.
  EXPECT_THAT(result.err, AnyOf(HasSubstr("the sandbox's disk is full"),
                                HasSubstr("the disk is full where the worker runs: cannot write '")));
  EXPECT_EQ(host.sandboxes(), 0U);
}

TEST_F(E2bFaults, TheDiskOfTheSandboxIsFullAsTheCloudSaysIt) {
  use_large_files();
  m_proxy->add({.match = "POST /files",
                .kind = Kind::answer,
                .bytes = http_answer("507 Insufficient Storage", R"({"code":507,"message":"no space left"})"),
                .times = 10});
  const ProcessResult result = run();
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("disk"));
}

TEST_F(E2bFaults, ThereIsNoSuchHost) {
  Project::Environment environment = s_host->environment();
  environment["E2B_API_URL"] = "http://no-such-host.invalid";
  const ProcessResult result = m_project.spillway({"run", "pipeline.yaml", "--quiet", "--e2b"}, environment);
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("no-such-host.invalid"));
}

TEST_F(E2bFaults, TheHostSpeaksNoTls) {
  Project::Environment environment = s_host->environment();
  environment["E2B_API_URL"] = "https" + s_host->server().url().substr(4);
  const ProcessResult result = m_project.spillway({"run", "pipeline.yaml", "--quiet", "--e2b"}, environment);
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("error: "));
}

TEST_F(E2bFaults, TheWorkerIsKilled) {
  at_random_moments([] {
    for (const pid_t pid : worker()) ::kill(pid, SIGKILL);
  });
}

TEST_F(E2bFaults, AWorkerThatIsKilledForItsMemory) {
  m_project.write_pipeline(
      {csv_extractor("films", "films.csv"), processor("endless", k_long_sql), csv_writer("write", "out/stats.csv")});
  std::thread meanwhile([&] {
    // As the kernel does it, which takes a control group that not every machine has.
    while (worker().empty()) std::this_thread::sleep_for(20ms);
    std::this_thread::sleep_for(1500ms);
    for (const pid_t pid : worker()) ::kill(pid, SIGKILL);
  });
  const ProcessResult result = run();
  meanwhile.join();
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("error: the worker was killed, as it is when there is no memory left in the "
                                    "sandbox, which has "));
  EXPECT_THAT(result.err, HasSubstr("  hint: lower SPILLWAY_MEMORY_LIMIT (--memory-limit)"));
}

TEST_F(E2bFaults, AHostThatIsKilledLeavesASandboxThatCleanFinds) {
  m_project.write_pipeline(
      {csv_extractor("films", "films.csv"), processor("endless", k_long_sql), csv_writer("write", "out/stats.csv")});
  ProcessOptions options;
  options.environment = environment();
  options.directory = m_project.path();
  Process process({spillway_program(), "run", "pipeline.yaml", "--e2b"}, options);
  while (s_host->sandboxes() == 0) std::this_thread::sleep_for(20ms);
  process.send_signal(SIGKILL);
  process.wait();
  EXPECT_EQ(s_host->sandboxes(), 1U) << "its life is a short one, but not so short";
  ProcessOptions direct;
  direct.environment = s_host->environment();
  EXPECT_THAT(run_spillway({"sandboxes", "clean"}, direct).out, HasSubstr("deleted "));
}

TEST_F(E2bFaults, AHostThatIsInterruptedDeletesItsSandbox) {
  m_project.write_pipeline(
      {csv_extractor("films", "films.csv"), processor("endless", k_long_sql), csv_writer("write", "out/stats.csv")});
  for (const int wait_ms : {0, 30, 200, 1500}) {
    ProcessOptions options;
    options.environment = environment();
    options.directory = m_project.path();
    Process process({spillway_program(), "run", "pipeline.yaml", "--e2b"}, options);
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + wait_ms));
    process.send_signal(SIGINT);
    EXPECT_THAT(process.wait().exit_code, AnyOf(130, 128 + SIGINT));
    EXPECT_EQ(s_host->sandboxes(), 0U);
  }
}

}  // namespace
}  // namespace spillway::testing
