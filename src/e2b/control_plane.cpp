#include "e2b/control_plane.hpp"

#include <random>
#include <utility>

#include <fmt/format.h>

#include "e2b/attempts.hpp"
#include "e2b/json_text.hpp"
#include "protocol/codec.hpp"
#include "util/http/status.hpp"
#include "util/http/url.hpp"

namespace spillway::e2b {
namespace {

using nlohmann::json;

constexpr std::uint64_t k_most_control_bytes = std::uint64_t{8} * 1024 * 1024;
constexpr std::chrono::seconds k_request_time{75};
constexpr int k_page_size = 100;
constexpr int k_most_pages = 1000;
/// Making one is tried less often than asking: a service in trouble needs no crowd.
constexpr RetryPolicy k_create_policy{
    .attempts = 4, .first_delay = std::chrono::milliseconds(500), .longest_delay = std::chrono::seconds(8)};

Answer<Sandbox> read_sandbox(std::string_view what, const http::Response& response) {
  const json body = parse_json(response.body);
  Sandbox sandbox;
  if (body.is_object()) {
    sandbox = {protocol::text_or(body, "sandboxID"), protocol::text_or(body, "templateID"),
               protocol::text_or(body, "envdVersion"), protocol::text_or(body, "domain"),
               SecretText(protocol::text_or(body, "envdAccessToken"))};
  }
  if (!is_sandbox_id(sandbox.id)) return tl::unexpected(bad_answer(what, "it names no sandbox"));
  // It goes into addresses and headers.
  if (!sandbox.domain.empty() && !is_host_name(sandbox.domain)) {
    return tl::unexpected(bad_answer(what, "the sandbox's domain is none"));
  }
  if (!is_header_text(sandbox.access_token.reveal())) {
    return tl::unexpected(bad_answer(what, "the sandbox's token has a line break"));
  }
  return sandbox;
}

SandboxInfo read_info(const json& body) {
  SandboxInfo info;
  info.id = protocol::text_or(body, "sandboxID");
  info.template_id = protocol::text_or(body, "templateID");
  info.alias = protocol::text_or(body, "alias");
  info.state = protocol::text_or(body, "state");
  info.started_at = protocol::text_or(body, "startedAt");
  info.ends_at = protocol::text_or(body, "endAt");
  info.cpus = protocol::count_or(body, "cpuCount");
  info.memory_mib = protocol::count_or(body, "memoryMB");
  info.disk_mib = protocol::count_or(body, "diskSizeMB");
  if (const auto metadata = body.find("metadata"); metadata != body.end() && metadata->is_object()) {
    for (const auto& [key, value] : metadata->items()) {
      if (value.is_string()) info.metadata[key] = value.get<std::string>();
    }
  }
  return info;
}

/// A service that lacks a route says so in its own words, or in those of whatever serves it. A template that it lacks
/// is another matter.
bool lacks_route(const RequestError& failure) {
  return failure.status == http::k_no_such_method || failure.status == http::k_gone ||
         failure.status == http::k_not_implemented ||
         (failure.status == http::k_not_found && failure.error.message.find("emplate") == std::string::npos);
}

std::string sandbox_path(const std::string& id, std::string_view rest = {}) {
  return fmt::format("/sandboxes/{}{}", http::url_encoded(id), rest);
}

std::string query_of(const Metadata& metadata) {
  std::string query;
  for (const auto& [key, value] : metadata) {
    query += fmt::format("{}{}={}", query.empty() ? "" : "&", http::url_encoded(key), http::url_encoded(value));
  }
  return http::url_encoded(query);
}

}  // namespace

std::string new_request_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

ControlPlane::ControlPlane(const Settings& settings, const CancelToken& cancel)
    : m_settings(settings),
      m_cancel(cancel),
      m_http({.server = settings.api_url, .ca_file = settings.ca_file}, cancel) {}

Answer<http::Response> ControlPlane::call_once(std::string_view what, const http::Request& request) {
  auto sent = m_http.send(request);
  if (!sent) return tl::unexpected(error_of(what, sent.error()));
  if (!sent->is_success()) return tl::unexpected(error_of(what, Plane::control, *sent));
  return *std::move(sent);
}

Answer<http::Response> ControlPlane::call(std::string_view what, const std::string& method, const std::string& path,
                                          const std::string& body, Times times) {
  http::Request request{.method = method, .url = m_settings.api_url + path};
  request.headers = {"X-API-Key: " + m_settings.api_key.reveal(), "Accept: application/json"};
  if (!body.empty()) request.headers.emplace_back("Content-Type: application/json");
  request.body = body;
  request.is_idempotent = times == Times::several;
  request.takes_gzip = true;
  request.most_body_bytes = k_most_control_bytes;
  request.timeout = k_request_time;
  if (times == Times::one) return call_once(what, request);
  return with_attempts({}, m_cancel, [&] { return call_once(what, request); });
}

Answer<Sandbox> ControlPlane::create_once(const NewSandbox& wanted) {
  constexpr auto k_what = "cannot create a sandbox";
  json body{{"templateID", wanted.template_id},
            {"timeout", wanted.life.count()},
            {"metadata", wanted.metadata},
            {"allow_internet_access", wanted.has_internet},
            {"secure", true}};
  auto answer = call(k_what, "POST", "/sandboxes", to_text(body), Times::one);
  if (!answer && lacks_route(answer.error())) {
    body.erase("secure");  // there it always is
    answer = call(k_what, "POST", "/v2/sandboxes", to_text(body), Times::one);
  }
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return read_sandbox(k_what, *answer);
}

Answer<std::optional<Sandbox>> ControlPlane::find_created(const NewSandbox& wanted) {
  auto found = list({{k_request_key, wanted.metadata.at(k_request_key)}});
  if (!found) return tl::unexpected(std::move(found.error()));
  std::optional<Sandbox> kept;
  for (const SandboxInfo& one : *found) {
    if (!kept) {
      auto connected = connect(one.id, wanted.life);
      if (connected) {
        kept = *std::move(connected);
        continue;
      }
      if (connected.error().fault != Fault::no_such) return tl::unexpected(std::move(connected.error()));
    } else if (auto removed = remove(one.id); !removed) {
      return tl::unexpected(std::move(removed.error()));
    }
  }
  return kept;
}

Answer<Sandbox> ControlPlane::create(const NewSandbox& wanted) {
  NewSandbox marked = wanted;
  marked.metadata.try_emplace(k_request_key, new_request_id());
  bool is_unsure = false;
  for (int number = 1;; ++number) {
    Answer<Sandbox> made = create_once(marked);
    if (made && !is_unsure) return made;
    if (!made) is_unsure = is_unsure || made.error().may_have_arrived;
    const bool may_go_on = !made && made.error().error.retryable && number < k_create_policy.attempts;
    if (may_go_on) wait_before_retry(k_create_policy, number, made.error(), m_cancel);
    if (is_unsure) {
      // What an earlier request made may be there by now, beside what this one made.
      auto found = find_created(marked);
      if (!found) {
        found.error().may_have_arrived = true;
        return tl::unexpected(std::move(found.error()));
      }
      if (*found) return **std::move(found);
    }
    if (made) return made;
    if (may_go_on) continue;
    made.error().may_have_arrived = is_unsure;
    return tl::unexpected(after_attempts(std::move(made.error()), number));
  }
}

Answer<Sandbox> ControlPlane::connect(const std::string& id, std::chrono::seconds life) {
  const std::string what = fmt::format("cannot connect to sandbox '{}'", id);
  const auto answer =
      call(what, "POST", sandbox_path(id, "/connect"), to_text({{"timeout", life.count()}}), Times::several);
  if (!answer) return tl::unexpected(answer.error());
  return read_sandbox(what, *answer);
}

Answer<SandboxInfo> ControlPlane::get(const std::string& id) {
  const std::string what = fmt::format("cannot look at sandbox '{}'", id);
  const auto answer = call(what, "GET", sandbox_path(id), {}, Times::several);
  if (!answer) return tl::unexpected(answer.error());
  const json body = parse_json(answer->body);
  if (!body.is_object()) return tl::unexpected(bad_answer(what, "it is no object"));
  return read_info(body);
}

Answer<std::vector<SandboxInfo>> ControlPlane::list(const Metadata& metadata) {
  constexpr auto k_what = "cannot list the sandboxes";
  const std::string query = query_of(metadata);
  std::string path = fmt::format("/v2/sandboxes?metadata={}&limit={}", query, k_page_size);
  std::vector<SandboxInfo> all;
  std::string token;
  for (int page = 0; page < k_most_pages; ++page) {
    auto answer = call(k_what, "GET", token.empty() ? path : path + "&nextToken=" + http::url_encoded(token), {},
                       Times::several);
    if (!answer && page == 0 && lacks_route(answer.error())) {
      path = "/sandboxes?metadata=" + query;
      answer = call(k_what, "GET", path, {}, Times::several);
    }
    if (!answer) return tl::unexpected(std::move(answer.error()));
    const json body = parse_json(answer->body);
    if (!body.is_array()) return tl::unexpected(bad_answer(k_what, "it is no list"));
    for (const json& one : body) {
      if (SandboxInfo info = one.is_object() ? read_info(one) : SandboxInfo(); is_sandbox_id(info.id)) {
        all.push_back(std::move(info));
      }
    }
    token = answer->header("x-next-token");
    if (token.empty()) return all;
  }
  return tl::unexpected(bad_answer(k_what, "it has no end"));
}

Answer<void> ControlPlane::set_life(const std::string& id, std::chrono::seconds life) {
  const auto answer = call(fmt::format("cannot extend the life of sandbox '{}'", id), "POST",
                           sandbox_path(id, "/timeout"), to_text({{"timeout", life.count()}}), Times::several);
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Answer<bool> ControlPlane::remove(const std::string& id) {
  const auto answer =
      call(fmt::format("cannot delete sandbox '{}'", id), "DELETE", sandbox_path(id), {}, Times::several);
  if (answer) return true;
  if (answer.error().fault == Fault::no_such) return false;
  return tl::unexpected(answer.error());
}

}  // namespace spillway::e2b
