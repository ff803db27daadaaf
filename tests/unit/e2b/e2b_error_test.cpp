#include "e2b/e2b_error.hpp"

#include <gtest/gtest.h>

namespace spillway::e2b {
namespace {

constexpr auto k_key = "check E2B_API_KEY: it is of another team or host, or was revoked";
constexpr auto k_later = "try again later; status.e2b.dev tells of outages";
constexpr auto k_address = "check E2B_API_URL, E2B_SANDBOX_URL and E2B_DOMAIN, and the proxy if there is one";
enum class Arrived { no, maybe };

struct Case {
  Plane plane;
  int status;
  std::string body;
  Fault fault;
  Arrived arrived;
  std::string message;  ///< after "cannot: "
  std::string hint;
};

class E2bErrors : public ::testing::TestWithParam<Case> {};

TEST_P(E2bErrors, SayWhatIsWrongAndWhatToDo) {
  const Case& expected = GetParam();
  http::Response response{.status = expected.status, .body = expected.body};
  if (expected.status == 302) response.headers["location"] = "https://login.example.com/";
  const RequestError failure = error_of("cannot", expected.plane, response);
  EXPECT_EQ(failure.error.message, "cannot: " + expected.message);
  EXPECT_EQ(failure.error.hint, expected.hint);
  EXPECT_EQ(failure.fault, expected.fault);
  EXPECT_EQ(failure.may_have_arrived, expected.arrived == Arrived::maybe);
  EXPECT_EQ(failure.error.retryable, expected.fault == Fault::busy || expected.fault == Fault::interrupted);
  EXPECT_EQ(failure.status, expected.status);
}

INSTANTIATE_TEST_SUITE_P(
    Control, E2bErrors,
    ::testing::Values(
        Case{Plane::control, 401, R"({"code": 401, "message": "Invalid API key"})", Fault::refused, Arrived::no,
             "Invalid API key [HTTP 401]", k_key},
        Case{Plane::control, 401, "", Fault::refused, Arrived::no,
             "the answer is none of E2B's, but a page of a proxy or another server [HTTP 401]", k_key},
        Case{Plane::control, 403, R"({"code": 403, "message": "Team is blocked"})", Fault::refused, Arrived::no,
             "Team is blocked [HTTP 403]",
             "the key's team is blocked, or the template belongs to another team: see the dashboard of e2b.dev"},
        Case{Plane::control, 404, R"({"code": 404, "message": "template 'x' not found"})", Fault::no_such,
             Arrived::no, "template 'x' not found [HTTP 404]",
             "check --e2b-template: the dashboard of e2b.dev lists the team's templates; 'base' is always there"},
        Case{Plane::control, 404, R"({"code": 404, "message": "sandbox iabc not found"})", Fault::no_such,
             Arrived::no, "sandbox iabc not found [HTTP 404]", ""},
        Case{Plane::control, 404, "404 page not found", Fault::refused, Arrived::no,
             "the answer is none of E2B's: 404 page not found [HTTP 404]", k_address},
        Case{Plane::control, 409, R"({"code": 409, "message": "already paused"})", Fault::refused, Arrived::no,
             "already paused [HTTP 409]", "the sandbox is in another state: 'spillway sandboxes list' shows it"},
        Case{Plane::control, 400, R"({"code": 400, "message": "Timeout cannot be greater than 1 hours"})",
             Fault::refused, Arrived::no, "Timeout cannot be greater than 1 hours [HTTP 400]",
             "a smaller --e2b-timeout is within what the plan allows: 1 h for Hobby, 24 h for Pro"},
        Case{Plane::control, 429,
             R"j({"code": 429, "message": "you have reached the maximum number of concurrent E2B sandboxes (20)"})j",
             Fault::busy, Arrived::no,
             "you have reached the maximum number of concurrent E2B sandboxes (20) [HTTP 429]",
             "'spillway sandboxes list' shows those of spillway, 'spillway sandboxes clean' deletes those of runs "
             "that are gone"},
        Case{Plane::control, 429, R"({"code": 429, "message": "rate limit"})", Fault::busy, Arrived::no,
             "rate limit [HTTP 429]", "too many requests of the key's team: wait, or start fewer runs at once"},
        Case{Plane::control, 500, R"({"code": 500, "message": "Failed to place sandbox"})", Fault::interrupted,
             Arrived::maybe, "Failed to place sandbox [HTTP 500]", k_later},
        Case{Plane::control, 503,
             R"({"code": 503, "message": "no capacity", "error_code": "sandbox_capacity_unavailable"})", Fault::busy,
             Arrived::no, "no capacity [HTTP 503, sandbox_capacity_unavailable]", k_later},
        Case{Plane::control, 504, "upstream request timeout", Fault::interrupted, Arrived::maybe,
             "the answer is none of E2B's: upstream request timeout [HTTP 504]", k_later},
        Case{Plane::control, 502, "<html><head><TITLE>502 Bad\nGateway</TITLE>", Fault::interrupted, Arrived::maybe,
             "the answer is none of E2B's: 502 Bad Gateway [HTTP 502]", k_address},
        Case{Plane::control, 302, "", Fault::refused, Arrived::no,
             "the answer leads elsewhere, to 'https://login.example.com/' [HTTP 302]", k_address},
        Case{Plane::control, 400, "{}", Fault::refused, Arrived::no, "no reason was given [HTTP 400]", ""}));

INSTANTIATE_TEST_SUITE_P(
    Data, E2bErrors,
    ::testing::Values(
        Case{Plane::data, 401, R"({"code": 401, "message": "unauthorized access"})", Fault::refused, Arrived::no,
             "unauthorized access [HTTP 401]",
             "the sandbox's access token is not accepted: it is of another sandbox or host"},
        Case{Plane::data, 404, R"({"code": 404, "message": "path '/x' does not exist"})", Fault::no_such, Arrived::no,
             "path '/x' does not exist [HTTP 404]", ""},
        Case{Plane::data, 404, R"({"code": "not_found", "message": "process with pid 7 not found"})", Fault::no_such,
             Arrived::no, "process with pid 7 not found [HTTP 404, not_found]", ""},
        Case{Plane::data, 400, R"({"code": 400, "message": "path '/x' is a directory"})", Fault::refused, Arrived::no,
             "path '/x' is a directory [HTTP 400]", ""},
        Case{Plane::data, 429, R"({"message": "too many connections"})", Fault::busy, Arrived::no,
             "too many connections [HTTP 429]", "too many requests at once: wait, or start fewer runs at once"},
        Case{Plane::data, 502, R"({"sandboxId": "iabc", "message": "The sandbox was not found", "code": 502})",
             Fault::gone, Arrived::no, "The sandbox was not found [HTTP 502]",
             "it ended: its time was over, its host died, or somebody deleted it; run again"},
        Case{Plane::data, 502,
             R"({"message": "The sandbox is running but port is not open", "port": 49983, "code": 502})",
             Fault::interrupted, Arrived::maybe, "The sandbox is running but port is not open [HTTP 502]", k_later},
        Case{Plane::data, 502, "<html>\x01", Fault::interrupted, Arrived::maybe,
             "the answer is none of E2B's, but a page of a proxy or another server [HTTP 502]", k_address},
        Case{Plane::data, 507, R"({"code": 507, "message": "not enough disk space available"})", Fault::disk_full,
             Arrived::no, "not enough disk space available [HTTP 507]",
             "the sandbox's disk is full: a template or a plan with more disk, or smaller inputs"},
        Case{Plane::data, 500, R"({"code": 500, "message": "internal"})", Fault::interrupted, Arrived::maybe,
             "internal [HTTP 500]", k_later}));

TEST(E2bError, ConnectCodes) {
  struct Row {
    const char* code;
    Fault fault;
  };
  for (const Row& row : {Row{"not_found", Fault::no_such}, Row{"invalid_argument", Fault::refused},
                         Row{"unauthenticated", Fault::refused}, Row{"resource_exhausted", Fault::busy},
                         Row{"unavailable", Fault::interrupted}, Row{"internal", Fault::interrupted},
                         Row{"deadline_exceeded", Fault::refused}, Row{"who_knows", Fault::refused}}) {
    const RequestError failure = connect_error("cannot", row.code, "because");
    EXPECT_EQ(failure.fault, row.fault) << row.code;
    EXPECT_EQ(failure.error.message, std::string("cannot: because [") + row.code + "]");
  }
}

TEST(E2bError, NoAnswer) {
  const auto hint = [](http::Trouble trouble) {
    return error_of("cannot", http::TransportError{make_error(ErrorCode::connection, "why"), trouble, true})
        .error.hint;
  };
  EXPECT_EQ(hint(http::Trouble::certificate),
            "SSL_CERT_FILE names the file of the authority that signed the server's certificate");
  EXPECT_EQ(hint(http::Trouble::unknown_host), "check the network, E2B_DOMAIN, E2B_API_URL and E2B_SANDBOX_URL");
  EXPECT_EQ(hint(http::Trouble::bad_url), k_address);
  EXPECT_EQ(hint(http::Trouble::other), "check the network; https_proxy names a proxy, if one is needed");
  const RequestError failure = error_of("cannot", http::TransportError{make_error(ErrorCode::connection, "why")});
  EXPECT_EQ(failure.error.message, "cannot: why");
  EXPECT_FALSE(failure.may_have_arrived);
}

}  // namespace
}  // namespace spillway::e2b
