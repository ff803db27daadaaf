#include <chrono>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2b/connect_stream.hpp"
#include "e2b/control_plane.hpp"
#include "e2b/lease.hpp"
#include "e2b/process_rpc.hpp"
#include "support/e2b_server.hpp"
#include "support/fault_proxy.hpp"
#include "support/temp_dir.hpp"

namespace spillway::e2b {
namespace {

using namespace std::chrono_literals;
using testing::E2bServer;
using ::testing::ElementsAre;
using testing::FaultProxy;
using ::testing::HasSubstr;
using testing::http_answer;
using testing::ProxyFault;
using ::testing::StartsWith;
using Kind = ProxyFault::Kind;

constexpr auto k_made =
    R"({"sandboxID": "iabc", "templateID": "base", "envdVersion": "0.6.13", "envdAccessToken": "t"})";

class E2bFaults : public ::testing::Test {
 protected:
  E2bFaults() {
    server.script("POST /sandboxes", {{201, k_made}});
    server.script("POST /sandboxes/iabc/connect", {{200, k_made}});
    server.script("GET /v2/sandboxes", {{200, "[]"}});
    server.script("DELETE /sandboxes/iabc", {{204, ""}});
    server.script("POST /files", {{200, "[]"}});
    server.script("GET /files", {{200, std::string(100'000, 'x'), "application/octet-stream"}});
    server.script("GET /health", {{204, ""}});
  }

  Settings settings() const {
    Settings settings = server.settings();
    settings.api_url = settings.sandbox_url = proxy.url();
    return settings;
  }

  E2bServer server;
  FaultProxy proxy{server.port()};
  CancelToken cancel;
  ControlPlane control{settings(), cancel};
  const Sandbox sandbox{"iabc", "base", "0.6.13", "", SecretText("t")};
  DataPlane plane{settings(), sandbox, cancel};
  const NewSandbox wanted{.metadata = {{k_request_key, "r"}}};
};

TEST_F(E2bFaults, WithoutAFaultEverythingPasses) {
  ASSERT_TRUE(control.create(wanted));
  ASSERT_TRUE(plane.upload("a", std::string(3'000'000, 'y')));
  EXPECT_EQ(proxy.requests(), 2);
}

TEST_F(E2bFaults, TooManyRequestsAreAskedAgainAfterThePauseThatTheHostWants) {
  proxy.add({"POST /sandboxes", Kind::answer, 0,
             http_answer("429 Too Many Requests", R"({"code": 429, "message": "slow down"})", "Retry-After: 1\r\n")});
  const auto start = std::chrono::steady_clock::now();
  const auto made = control.create(wanted);
  ASSERT_TRUE(made) << made.error().error.full_message();
  EXPECT_GE(std::chrono::steady_clock::now() - start, 1s);
  EXPECT_THAT(server.take_lines(), ElementsAre("POST /sandboxes"));
}

TEST_F(E2bFaults, AnAnswerThatIsLostIsNoSecondSandbox) {
  server.script("GET /v2/sandboxes", {{200, R"([{"sandboxID": "iabc"}, {"sandboxID": "iextra"}])"}});
  server.script("DELETE /sandboxes/iextra", {{204, ""}});
  for (const Kind kind : {Kind::cut_response, Kind::answer}) {
    proxy.add({"POST /sandboxes ", kind, 0,
               http_answer("500 Internal Server Error", R"({"code": 500, "message": "Failed to place sandbox"})")});
    const auto made = control.create(wanted);
    ASSERT_TRUE(made) << made.error().error.full_message();
    EXPECT_EQ(made->id, "iabc");
    auto lines = server.take_lines();
    if (kind == Kind::cut_response) {
      EXPECT_EQ(lines.front(), "POST /sandboxes");
      lines.erase(lines.begin());
    }
    EXPECT_THAT(lines, ElementsAre("GET /v2/sandboxes?metadata=spillway_request=r&limit=100",
                                   "POST /sandboxes/iabc/connect", "DELETE /sandboxes/iextra"));
  }
}

TEST_F(E2bFaults, WhatWasSurelyNotMadeIsMadeAgain) {
  proxy.add({"POST /sandboxes ", Kind::answer, 0,
             http_answer("503 Service Unavailable",
                         R"({"code": 503, "message": "no room", "error_code": "sandbox_capacity_unavailable"})")});
  ASSERT_TRUE(control.create(wanted));
  EXPECT_THAT(server.take_lines(), ElementsAre("POST /sandboxes"));
}

TEST_F(E2bFaults, WhatMayHaveBeenMadeAndIsNotFoundIsMadeAgainAndLookedForOnceMore) {
  proxy.add({"POST /sandboxes ", Kind::cut_request, 20});
  const auto made = control.create(wanted);
  ASSERT_TRUE(made) << made.error().error.full_message();
  const auto lines = server.take_lines();
  EXPECT_EQ(std::ranges::count(lines, "POST /sandboxes"), 1);
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.starts_with("GET /v2/sandboxes"); }), 2);
}

TEST_F(E2bFaults, WhatCannotBeLookedUpMayBeThere) {
  server.script("GET /v2/sandboxes", {{403, R"({"code": 403, "message": "no"})"}});
  proxy.add({"POST /sandboxes ", Kind::cut_response, 0});
  const auto made = control.create(wanted);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().error.message, "cannot list the sandboxes: no [HTTP 403]");
  EXPECT_TRUE(made.error().may_have_arrived);
}

TEST_F(E2bFaults, APageOfAProxyIsToldAsOne) {
  proxy.add({"POST /sandboxes ", Kind::answer, 0,
             http_answer("403 Forbidden", "<html><head><title>Blocked by policy</title>", "", "text/html")});
  const auto made = control.create(wanted);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().error.message,
            "cannot create a sandbox: the answer is none of E2B's: Blocked by policy [HTTP 403]");
}

TEST_F(E2bFaults, UploadsAreTriedAgain) {
  const std::string bytes(2'000'000, 'y');
  for (const ProxyFault& fault :
       {ProxyFault{"POST /files", Kind::cut_request, 500'000}, ProxyFault{"POST /files", Kind::cut_response, 10},
        ProxyFault{"POST /files", Kind::answer, 0, http_answer("502 Bad Gateway", "<html>")}}) {
    proxy.add(fault);
    const auto done = plane.upload("a", bytes);
    ASSERT_TRUE(done) << done.error().error.full_message();
    EXPECT_EQ(server.take_seen().back().body, bytes);
  }
  EXPECT_EQ(proxy.faults_met(), 3);
}

TEST_F(E2bFaults, DownloadsGoOnWhereTheyWereCut) {
  for (const std::uint64_t cut : {100U, 30'000U, 90'000U}) proxy.add({"GET /files", Kind::cut_response, cut});
  std::string read;
  const auto done = plane.download("a", 100'000, [&](std::string_view bytes) { read += bytes; });
  ASSERT_TRUE(done) << done.error().error.full_message();
  EXPECT_EQ(read, std::string(100'000, 'x'));
  EXPECT_EQ(proxy.faults_met(), 3);
}

TEST_F(E2bFaults, AFullDiskIsNotTriedAgain) {
  server.script("POST /files", {{507, R"({"code": 507, "message": "not enough disk space available"})"}});
  const auto done = plane.upload("a", "b");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::disk_full);
  EXPECT_EQ(done.error().error.code, ErrorCode::disk_full);
  EXPECT_EQ(done.error().error.message,
            "cannot write 'a' in the sandbox: not enough disk space available [HTTP 507]");
  EXPECT_EQ(proxy.requests(), 1);
}

TEST_F(E2bFaults, ASandboxThatVanished) {
  server.script("GET /health",
                {{502, R"({"sandboxId": "iabc", "message": "The sandbox was not found", "code": 502})"}});
  const auto health = plane.check_health();
  ASSERT_FALSE(health);
  EXPECT_EQ(health.error().fault, Fault::gone);
  EXPECT_FALSE(health.error().error.retryable);
}

TEST_F(E2bFaults, ARequestThatStallsIsCancelled) {
  proxy.add({"GET /health", Kind::stall_response});
  CancelToken soon(300ms);
  DataPlane stalled(settings(), sandbox, soon);
  try {
    static_cast<void>(stalled.check_health());
    FAIL();
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().code, ErrorCode::cancelled);
  }
}

TEST_F(E2bFaults, NobodyListens) {
  Settings nowhere = settings();
  nowhere.api_url = "http://127.0.0.1:1";
  const auto made = ControlPlane(nowhere, cancel).create(wanted);
  ASSERT_FALSE(made);
  EXPECT_FALSE(made.error().may_have_arrived);
  EXPECT_THAT(made.error().error.message,
              StartsWith("cannot create a sandbox: cannot reach http://127.0.0.1:1: Failed to connect"));
}

TEST_F(E2bFaults, ANameThatNobodyHas) {
  Settings nowhere = settings();
  nowhere.api_url = "http://no-such-host.invalid";
  const auto made = ControlPlane(nowhere, cancel).list({});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().error.message, HasSubstr("Could not resolve host: no-such-host.invalid"));
  EXPECT_EQ(made.error().error.hint, "check the network, E2B_DOMAIN, E2B_API_URL and E2B_SANDBOX_URL");
}

TEST_F(E2bFaults, ACertificateThatNobodyTrusts) {
  const testing::TempDir folder;
  const std::string make = "cd '" + folder.path().string() +
                           "' && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem "
                           "-subj /CN=e2b.test -addext subjectAltName=IP:127.0.0.1 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  E2bServer secure(folder / "cert.pem", folder / "key.pem");
  secure.script("GET /v2/sandboxes", {{200, "[]"}});
  Settings settings = secure.settings();
  const auto refused = ControlPlane(settings, cancel).list({});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().error.message, HasSubstr("SSL certificate problem: self-signed certificate"));
  EXPECT_EQ(refused.error().error.hint,
            "SSL_CERT_FILE names the file of the authority that signed the server's certificate");
  EXPECT_FALSE(refused.error().error.retryable);
  settings.ca_file = folder / "cert.pem";
  EXPECT_TRUE(ControlPlane(settings, cancel).list({}));
}

TEST_F(E2bFaults, ALeaseExtendsTheLifeAndDeletes) {
  server.script("POST /sandboxes/iabc/timeout", {{204, ""}});
  {
    Lease lease(settings(), {.life = 1s, .metadata = {{k_request_key, "r"}}}, 1h, cancel);
    std::this_thread::sleep_for(900ms);
    EXPECT_FALSE(lease.is_gone());
  }
  const auto lines = server.take_lines();
  EXPECT_EQ(lines.front(), "POST /sandboxes");
  EXPECT_GE(std::ranges::count(lines, "POST /sandboxes/iabc/timeout"), 2);
  EXPECT_EQ(lines.back(), "DELETE /sandboxes/iabc");
}

TEST_F(E2bFaults, ALeaseSeesThatItsSandboxIsGone) {
  server.script("POST /sandboxes/iabc/timeout", {{404, R"({"code": 404, "message": "sandbox not found"})"}});
  Lease lease(settings(), {.life = 1s, .metadata = {{k_request_key, "r"}}}, 1h, cancel);
  for (int i = 0; i < 100 && !lease.is_gone(); ++i) std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(lease.is_gone());
}

TEST_F(E2bFaults, WhatIsMadeWhileTheRunIsCancelledIsDeleted) {
  server.script("GET /v2/sandboxes", {{200, R"([{"sandboxID": "iabc"}])"}});
  proxy.add({"POST /sandboxes ", Kind::stall_response});
  CancelToken soon(300ms);
  EXPECT_THROW(Lease(settings(), wanted, 1h, soon), Exception);
  EXPECT_THAT(server.take_lines(),
              ElementsAre("POST /sandboxes", "GET /v2/sandboxes?metadata=spillway_request=r&limit=100",
                          "DELETE /sandboxes/iabc"));
}

}  // namespace
}  // namespace spillway::e2b
