#include "e2b/process_rpc.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2b/connect_stream.hpp"
#include "e2b/control_plane.hpp"
#include "support/e2b_server.hpp"
#include "util/base64.hpp"

namespace spillway::e2b {
namespace {

using testing::E2bServer;
using ::testing::ElementsAre;
using testing::ScriptedAnswer;
using Json = nlohmann::json;

class E2bTest : public ::testing::Test {
 protected:
  static std::string told(const char* event) { return envelope_of(Json{{"event", Json::parse(event)}}.dump()); }
  static std::string output(const char* stream, std::string_view bytes) {
    return envelope_of(Json{{"event", {{"data", {{stream, to_base64(bytes)}}}}}}.dump());
  }
  /// The last envelope of a stream.
  static std::string end(const std::string& payload = "{}") {
    std::string bytes = envelope_of(payload);
    bytes[0] = 2;
    return bytes;
  }

  E2bServer server;
  CancelToken cancel;
  ControlPlane control{server.settings(), cancel};
  const Sandbox sandbox{"i0123456789", "base", "0.6.13", "", SecretText("ea_token")};
  ProcessRpc processes{server.settings(), sandbox, cancel};
};

TEST_F(E2bTest, ASandboxIsMadeOverTheFirstVersionOfTheService) {
  server.script("POST /sandboxes",
                {{201, R"({"sandboxID": "iabc", "templateID": "base", "clientID": "x", "envdVersion": "0.6.13",
                           "envdAccessToken": "ea_1", "domain": null})"}});
  const auto made = control.create(
      {.template_id = "base", .life = std::chrono::seconds(90), .metadata = {{"job", "1"}, {k_request_key, "r"}}});
  ASSERT_TRUE(made) << made.error().error.full_message();
  EXPECT_EQ(made->id, "iabc");
  EXPECT_EQ(made->access_token.reveal(), "ea_1");
  const auto seen = server.take_seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].headers.at("x-api-key"), E2bServer::k_key);
  EXPECT_EQ(Json::parse(seen[0].body), Json::parse(R"({"templateID": "base", "timeout": 90, "secure": true,
      "allow_internet_access": true, "metadata": {"job": "1", "spillway_request": "r"}})"));
}

TEST_F(E2bTest, AProcessTellsWhatItWritesAndHowItEnds) {
  server.script("POST /process.Process/Start",
                {{200,
                  told(R"({"start": {"pid": 7}})") + output("stdout", "a\nb") + told(R"({"keepalive": {}})") +
                      output("stderr", std::string_view("\0\xff", 2)) +
                      told(R"({"end": {"exited": true, "exitCode": 3, "status": "exit status 3"}})") + end(),
                  "application/connect+json"}});
  std::vector<std::string> events;
  const auto done = processes.start({{"/bin/cat", "-u"}, {{"A", "b"}}, "/tmp"}, [&](const ProcessEvent& event) {
    if (const auto* started = std::get_if<ProcessStarted>(&event)) events.push_back(std::to_string(started->pid));
    if (const auto* written = std::get_if<ProcessOutput>(&event)) events.push_back(written->bytes);
    if (const auto* ended = std::get_if<ProcessEnded>(&event)) events.push_back(ended->status);
  });
  ASSERT_TRUE(done) << done.error().error.full_message();
  EXPECT_THAT(events, ElementsAre("7", "a\nb", std::string("\0\xff", 2), "exit status 3"));
  const auto seen = server.take_seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].headers.at("e2b-sandbox-id"), "i0123456789");
  EXPECT_EQ(seen[0].headers.at("e2b-sandbox-port"), "49983");
  EXPECT_EQ(seen[0].headers.at("x-access-token"), "ea_token");
  EXPECT_EQ(seen[0].headers.at("content-type"), "application/connect+json");
  EXPECT_EQ(seen[0].headers.at("keepalive-ping-interval"), "15");
  EXPECT_EQ(seen[0].body, envelope_of(Json::parse(R"({"process": {"cmd": "/bin/cat", "args": ["-u"], "cwd": "/tmp",
      "envs": {"A": "b"}}, "stdin": true})")
                                          .dump()));
}

TEST_F(E2bTest, AStreamWithoutItsEndWasCut) {
  for (const bool is_cut : {false, true}) {
    server.script("POST /process.Process/Connect",
                  {{200, told(R"({"start": {"pid": 7}})"), "application/connect+json", {}, is_cut}});
    const auto done = processes.connect(7, [](const ProcessEvent&) {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, Fault::interrupted);
    EXPECT_TRUE(done.error().may_have_arrived);
  }
}

TEST_F(E2bTest, InputGoesAsBase64) {
  server.script("POST /process.Process/SendInput", {{200, "{}"}});
  ASSERT_TRUE(processes.send_input(7, "l1\n"));
  EXPECT_EQ(server.take_seen()[0].body, R"({"input":{"stdin":"bDEK"},"process":{"pid":7}})");
}

TEST_F(E2bTest, FilesGoUpAsTheyAreAndComeDownInParts) {
  server.script("POST /files", {{200, "[]"}});
  server.script("GET /files", {{200, "0123", "application/octet-stream", {}, true}, {206, "0123456789"}});
  ASSERT_TRUE(processes.data_plane().upload("/tmp/a b", "bytes"));
  std::string read;  // the server takes the range out of what it is told
  const auto done = processes.data_plane().download("/tmp/a b", 10, [&](std::string_view bytes) { read += bytes; });
  ASSERT_TRUE(done) << done.error().error.full_message();
  EXPECT_EQ(read, "0123456789");
  const auto seen = server.take_seen();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].line, "POST /files?path=/tmp/a b");
  EXPECT_EQ(seen[0].body, "bytes");
  EXPECT_EQ(seen[2].headers.at("range"), "bytes=4-");
}

}  // namespace
}  // namespace spillway::e2b
