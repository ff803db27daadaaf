#include "e2b/e2b_error.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "e2b/json_text.hpp"
#include "protocol/codec.hpp"
#include "util/http/status.hpp"
#include "util/strings.hpp"

namespace spillway::e2b {
namespace {

constexpr std::size_t k_shown_reason_bytes = 300;

constexpr auto k_key_hint = "check E2B_API_KEY: it is of another team or host, or was revoked";
constexpr auto k_later_hint = "try again later; status.e2b.dev tells of outages";
constexpr auto k_address_hint = "check E2B_API_URL, E2B_SANDBOX_URL and E2B_DOMAIN, and the proxy if there is one";
constexpr auto k_gone_hint = "it ended: its time was over, its host died, or somebody deleted it; run again";

/// What a host says of a request that it refuses.
struct Refusal {
  int status = 0;
  std::string code = {};  ///< E2B's "error_code", or the Connect protocol's "code"
  std::string message = {};
  bool is_page = false;  ///< of whoever stands between, not the service's own JSON

  bool says(std::string_view part) const { return to_lower(message).find(part) != std::string::npos; }
};

/// Foreign text on one line.
std::string shown(std::string_view text) {
  std::string line = to_valid_utf8(trim(text.substr(0, k_shown_reason_bytes)));
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return line;
}

std::string title_of(const std::string& page) {
  const std::string lower = to_lower(page);
  const std::size_t start = lower.find("<title>");
  const std::size_t end = lower.find("</title>");
  if (start == std::string::npos || end == std::string::npos || end < start) return {};
  const std::size_t first = start + std::string_view("<title>").size();
  return shown(std::string_view(page).substr(first, end - first));
}

Refusal read_refusal(const http::Response& response) {
  Refusal refusal{.status = response.status};
  const protocol::Json body = parse_json(response.body);
  if (body.is_object()) {
    refusal.message = shown(protocol::text_or(body, "message"));
    refusal.code = shown(protocol::text_or(body, "error_code", protocol::text_or(body, "code")));
    return refusal;
  }
  refusal.is_page = true;
  const bool is_html =
      trim(response.body).starts_with('<') || response.header("content-type").starts_with("text/html");
  refusal.message = is_html ? title_of(response.body) : shown(response.body);
  return refusal;
}

struct Verdict {
  Fault fault = Fault::refused;
  std::string_view hint = {};
  bool is_unknown = false;  ///< it may have been carried out
};

Verdict judge_control(const Refusal& refusal) {
  switch (refusal.status) {
    case http::k_unauthorized:
      return {Fault::refused, k_key_hint};
    case http::k_forbidden:
      return {Fault::refused,
              "the key's team is blocked, or the template belongs to another team: see the dashboard of e2b.dev"};
    case http::k_not_found:
      if (refusal.says("template")) {
        return {Fault::no_such,
                "check --e2b-template: the dashboard of e2b.dev lists the team's templates; 'base' is always there"};
      }
      return refusal.is_page ? Verdict{Fault::refused, k_address_hint} : Verdict{Fault::no_such};
    case http::k_conflict:
      return {Fault::refused, "the sandbox is in another state: 'spillway sandboxes list' shows it"};
    case http::k_too_many_requests:
      if (refusal.says("concurrent")) {
        return {Fault::busy,
                "'spillway sandboxes list' shows those of spillway, 'spillway sandboxes clean' deletes those of runs "
                "that are gone"};
      }
      return {Fault::busy, "too many requests of the key's team: wait, or start fewer runs at once"};
    case http::k_unavailable:
    case http::k_gateway_timeout:
      // A gateway that gave up waiting does not know what became of the request.
      return {refusal.is_page ? Fault::interrupted : Fault::busy, k_later_hint, refusal.is_page};
    default:
      break;
  }
  if (refusal.says("timeout cannot be greater")) {
    return {Fault::refused, "a smaller --e2b-timeout is within what the plan allows: 1 h for Hobby, 24 h for Pro"};
  }
  if (refusal.status >= http::k_server_error || refusal.status == http::k_request_timeout) {
    return {Fault::interrupted, refusal.is_page ? k_address_hint : k_later_hint, true};
  }
  return {Fault::refused, refusal.is_page ? k_address_hint : ""};
}

Verdict judge_data(const Refusal& refusal) {
  switch (refusal.status) {
    case http::k_unauthorized:
      return {Fault::refused, "the sandbox's access token is not accepted: it is of another sandbox or host"};
    case http::k_not_found:
      return {Fault::no_such, refusal.is_page ? k_address_hint : ""};
    case http::k_too_many_requests:
      return {Fault::busy, "too many requests at once: wait, or start fewer runs at once"};
    case http::k_bad_gateway:
      if (refusal.says("sandbox was not found")) return {Fault::gone, k_gone_hint};
      return {Fault::interrupted, refusal.is_page ? k_address_hint : k_later_hint, true};
    case http::k_insufficient_storage:
      return {Fault::disk_full, "the sandbox's disk is full: a template or a plan with more disk, or smaller inputs"};
    default:
      break;
  }
  if (refusal.status >= http::k_server_error || refusal.status == http::k_request_timeout) {
    return {Fault::interrupted, refusal.is_page ? k_address_hint : k_later_hint, true};
  }
  return {Fault::refused, refusal.is_page ? k_address_hint : ""};
}

std::string reason_of(const Refusal& refusal, const http::Response& response) {
  if (refusal.status < http::k_bad_request) {
    return fmt::format("the answer leads elsewhere, to '{}'", shown(response.header("location")));
  }
  if (!refusal.is_page) return refusal.message.empty() ? "no reason was given" : refusal.message;
  if (refusal.message.empty()) return "the answer is none of E2B's, but a page of a proxy or another server";
  return fmt::format("the answer is none of E2B's: {}", refusal.message);
}

bool may_pass(Fault fault) { return fault == Fault::busy || fault == Fault::interrupted; }

RequestError request_error(std::string message, Fault fault, std::string_view hint) {
  RequestError failure{make_error(fault == Fault::disk_full ? ErrorCode::disk_full : ErrorCode::sandbox,
                                  std::move(message), std::string(hint)),
                       fault};
  failure.error.retryable = may_pass(fault);
  return failure;
}

}  // namespace

RequestError error_of(std::string_view what, Plane plane, const http::Response& response) {
  const Refusal refusal = read_refusal(response);
  Verdict verdict = plane == Plane::control ? judge_control(refusal) : judge_data(refusal);
  if (refusal.status >= http::k_redirection && refusal.status < http::k_bad_request) verdict.hint = k_address_hint;
  RequestError failure = request_error(fmt::format("{}: {} [HTTP {}{}]", what, reason_of(refusal, response),
                                                   refusal.status, refusal.code.empty() ? "" : ", " + refusal.code),
                                       verdict.fault, verdict.hint);
  failure.may_have_arrived = verdict.is_unknown;
  failure.retry_after = response.retry_after;
  failure.status = response.status;
  return failure;
}

RequestError error_of(std::string_view what, const http::TransportError& failure) {
  RequestError error{failure.error, Fault::interrupted, failure.may_have_arrived};
  error.error.code = ErrorCode::sandbox;
  error.error.message = fmt::format("{}: {}", what, failure.error.message);
  switch (failure.trouble) {
    case http::Trouble::certificate:
      error.fault = Fault::refused;
      error.error.hint = "SSL_CERT_FILE names the file of the authority that signed the server's certificate";
      break;
    case http::Trouble::bad_url:
      error.fault = Fault::refused;
      error.error.hint = k_address_hint;
      break;
    case http::Trouble::unknown_host:
      error.error.hint = "check the network, E2B_DOMAIN, E2B_API_URL and E2B_SANDBOX_URL";
      break;
    case http::Trouble::other:
      error.error.hint = "check the network; https_proxy names a proxy, if one is needed";
      break;
  }
  return error;
}

RequestError connect_error(std::string_view what, std::string_view code, std::string_view message) {
  struct Meaning {
    std::string_view code;
    Fault fault;
    std::string_view hint;
    bool is_unknown = false;
  };
  constexpr std::array k_meanings{
      Meaning{"not_found", Fault::no_such, ""},
      Meaning{"unauthenticated", Fault::refused, "the sandbox's access token or user is not accepted"},
      Meaning{"resource_exhausted", Fault::busy, "too much at once: wait, or start fewer runs at once"},
      Meaning{"unavailable", Fault::interrupted, k_later_hint, true},
      Meaning{"aborted", Fault::interrupted, k_later_hint, true},
      Meaning{"canceled", Fault::interrupted, k_later_hint, true},
      Meaning{"unknown", Fault::interrupted, k_later_hint, true},
      Meaning{"internal", Fault::interrupted, k_later_hint, true},
      Meaning{"deadline_exceeded", Fault::refused, "the time that was set for it is over", true},
  };
  const auto* known = std::ranges::find(k_meanings, code, &Meaning::code);
  const Meaning meaning = known == k_meanings.end() ? Meaning{code, Fault::refused, ""} : *known;
  const std::string reason = message.empty() ? "no reason was given" : shown(message);
  RequestError failure =
      request_error(fmt::format("{}: {} [{}]", what, reason, shown(code)), meaning.fault, meaning.hint);
  failure.may_have_arrived = meaning.is_unknown;
  return failure;
}

RequestError bad_answer(std::string_view what, std::string_view why) {
  RequestError failure{
      make_error(ErrorCode::protocol, fmt::format("{}: the answer is none of E2B's: {}", what, why), k_address_hint),
      Fault::refused};
  failure.may_have_arrived = true;
  return failure;
}

}  // namespace spillway::e2b
