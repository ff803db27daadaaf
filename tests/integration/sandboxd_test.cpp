#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sandbox_support.hpp"
#include "support/process.hpp"
#include "support/process_tree.hpp"
#include "support/run_dir.hpp"
#include "support/sandbox_server.hpp"

/// spillway sandboxd as whoever runs it sees it: what it takes, what it says, and that nothing outlives it. What its
/// clients see is asked by the official SDK (e2b_sdk_test.cpp).
namespace spillway::testing {
namespace {

using namespace std::chrono_literals;

std::string error_of(std::vector<std::string> options, const std::map<std::string, std::string>& environment,
                     int exit_code) {
  options.insert(options.begin(), "sandboxd");
  ProcessOptions process;
  process.environment = environment;
  const ProcessResult result = run_spillway(options, process);
  EXPECT_EQ(result.exit_code, exit_code) << result.err;
  EXPECT_EQ(result.out, "");
  return result.err;
}

const std::map<std::string, std::string> k_key{{"SPILLWAY_SANDBOXD_KEY", SandboxServer::k_key}};

TEST(Sandboxd, DoesNotStartWithoutAKey) {
  const std::string refusal =
      "error: sandboxd has no key: whoever reaches it could run programs on this machine\n"
      "  hint: set SPILLWAY_SANDBOXD_KEY, or name a file with --key-file; for example "
      "SPILLWAY_SANDBOXD_KEY=e2b_$(openssl rand -hex 20)\n";
  EXPECT_EQ(error_of({}, {}, 2), refusal);
  EXPECT_EQ(error_of({}, {{"SPILLWAY_SANDBOXD_KEY", ""}}, 2), refusal);
}

TEST(Sandboxd, DoesNotStartWithAKeyThatIsGuessed) {
  const std::string hint = "  hint: openssl rand -hex 20 makes a good one\n";
  EXPECT_EQ(error_of({}, {{"SPILLWAY_SANDBOXD_KEY", "secret"}}, 2),
            "error: the key in SPILLWAY_SANDBOXD_KEY has less than 16 characters\n" + hint);
  EXPECT_EQ(error_of({}, {{"E2B_API_KEY", "secret"}}, 2),
            "error: the key in E2B_API_KEY has less than 16 characters\n" + hint);
  const TempDir folder;
  const std::string file = folder / "key";
  std::ofstream(file) << "secret\n";
  EXPECT_EQ(error_of({"--key-file", file}, k_key, 2),
            "error: the key in " + file + " has less than 16 characters\n" + hint);
}

TEST(Sandboxd, SaysWhichFileItCannotRead) {
  EXPECT_EQ(error_of({"--key-file", "/no/such/key"}, {}, 1),
            "error: cannot read '/no/such/key': No such file or directory\n");
  EXPECT_EQ(error_of({"--template", "one=/no/such/folder"}, k_key, 1),
            "error: the folder '/no/such/folder' of template 'one' does not exist\n");
}

TEST(Sandboxd, SaysWhyItCannotListen) {
  if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
  const SandboxServer server;
  const std::string place = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(error_of({"--listen", place}, k_key, 1), "error: cannot listen on " + place +
                                                         ": Address already in use\n"
                                                         "  hint: choose another one with --listen HOST:PORT\n");
  EXPECT_EQ(error_of({"--listen", "no.such.host.invalid:1"}, k_key, 4).substr(0, 47),
            "error: cannot listen on no.such.host.invalid:1:");
}

/// A client without an SDK: curl is no part of the setup, the shell's own sockets are.
std::string request(const SandboxServer& server, const std::string& head, const std::string& body) {
  const std::string text =
      head + "\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  const std::string script = "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(server.port()) + "; cat >&3; cat <&3";
  ProcessOptions options;
  options.input = text;
  return Process({"bash", "-c", script}, options).wait().out;
}

nlohmann::json make_sandbox(const SandboxServer& server) {
  const std::string answer =
      request(server, std::string("POST /sandboxes HTTP/1.1\r\nX-API-Key: ") + SandboxServer::k_key,
              R"({"templateID":"base","timeout":600})");
  return nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
}

/// Starts a program in a sandbox whose output nobody ends.
Process start_endless(const SandboxServer& server, const nlohmann::json& sandbox) {
  const std::string message = R"({"process":{"cmd":"sleep","args":["600"]}})";
  const std::string body = std::string("\0\0\0\0", 4) + static_cast<char>(message.size()) + message;
  const std::string text =
      "POST /process.Process/Start HTTP/1.1\r\nHost: localhost\r\nE2b-Sandbox-Id: " +
      sandbox.at("sandboxID").get<std::string>() +
      "\r\nX-Access-Token: " + sandbox.at("envdAccessToken").get<std::string>() +
      "\r\nContent-Type: application/connect+json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
      body;
  ProcessOptions options;
  options.input = text;
  return Process(
      {"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(server.port()) + "; cat >&3; cat <&3 >&2"},
      options);
}

/// All that a server has started, to be seen ending.
std::vector<Fd> processes_of(const SandboxServer& server) {
  std::vector<Fd> processes;
  for (const pid_t pid : descendants(server.pid())) processes.push_back(open_process(pid));
  return processes;
}

bool all_end(const std::vector<Fd>& processes) {
  return std::ranges::all_of(processes, [](const Fd& process) { return ends_within(process, 10s); });
}

class RunningSandboxd : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    // Whoever loses its parent becomes a child of this process.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
};

TEST_F(RunningSandboxd, EndsWithItsSandboxesWhenItIsAskedTo) {
  SandboxServer server;
  const nlohmann::json sandbox = make_sandbox(server);
  Process client = start_endless(server, sandbox);
  ASSERT_TRUE(client.wait_for_error_text("\"start\""));
  const std::vector<Fd> processes = processes_of(server);
  EXPECT_GE(processes.size(), 4U);
  EXPECT_EQ(server.stop(), 0);
  EXPECT_TRUE(all_end(processes));
  // The stream is cut: without an end of the process, and without its own.
  EXPECT_EQ(client.wait().err.find("end"), std::string::npos);
}

TEST_F(RunningSandboxd, LeavesNothingBehindWhenItIsKilled) {
  SandboxServer server;
  make_sandbox(server);
  make_sandbox(server);
  const std::vector<Fd> processes = processes_of(server);
  EXPECT_GE(processes.size(), 6U);
  ::kill(server.pid(), SIGKILL);
  EXPECT_TRUE(all_end(processes));
}

TEST_F(RunningSandboxd, EndsASandboxWhoseProcessesSomebodyElseKills) {
  SandboxServer server;
  const std::string id = make_sandbox(server).at("sandboxID");
  for (const pid_t pid : descendants(server.pid())) ::kill(pid, SIGKILL);
  for (int tries = 0; tries < 500 && server.log().find(id + ": gone") == std::string::npos; ++tries) {
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_NE(server.log().find(id + ": gone, it ended\n"), std::string::npos) << server.log();
}

TEST_F(RunningSandboxd, LogsEachSandboxAndNoSecret) {
  SandboxServer server;
  const nlohmann::json sandbox = make_sandbox(server);
  const std::string id = sandbox.at("sandboxID");
  request(server, "DELETE /sandboxes/" + id + " HTTP/1.1\r\nX-API-Key: " + SandboxServer::k_key, "");
  EXPECT_EQ(server.log(),
            "sandboxd: " + id + ": made from template base, for 600 s\nsandboxd: " + id + ": gone, deleted\n");
}

TEST_F(RunningSandboxd, HidesItsKeyFromWhoeverLooksAtItsProcesses) {
  SandboxServer server;
  const std::string token = make_sandbox(server).at("envdAccessToken");
  for (const pid_t pid : descendants(server.pid())) {
    for (const char* file : {"cmdline", "environ"}) {
      EXPECT_EQ(proc_file(pid, file).find(SandboxServer::k_key), std::string::npos) << proc_file(pid, "cmdline");
      EXPECT_EQ(proc_file(pid, file).find(token), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace spillway::testing
