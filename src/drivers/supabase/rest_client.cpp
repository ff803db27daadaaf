#include "drivers/supabase/rest_client.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "config/connection_fields.hpp"
#include "drivers/supabase/channel.hpp"
#include "drivers/supabase/rest_error.hpp"
#include "util/http/url.hpp"
#include "util/retry.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::supabase {
namespace {

constexpr int k_first_refusal = 300;
constexpr std::chrono::seconds k_longest_pause{120};

bool is_plain(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string in_quotes(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted += '"';
}

http::ClientOptions client_options(const nlohmann::json& fields, const std::filesystem::path& base_dir) {
  http::ClientOptions options{.server = "Supabase", .surroundings = http::Surroundings::sandbox};
  if (const std::string file = config::field_text(fields, "sslrootcert"); !file.empty() && file != "system") {
    options.ca_file = (base_dir / file).lexically_normal();
  }
  if (const auto seconds = parse_uint(config::field_text(fields, "connect_timeout"))) {
    options.connect_timeout = std::chrono::seconds(*seconds);
  }
  return options;
}

std::string hint_of(http::Trouble trouble) {
  switch (trouble) {
    case http::Trouble::unknown_host:
      return "check url or project_id of the connection; a paused project has no address";
    case http::Trouble::certificate:
      return "sslrootcert names the file of the authority that signed the server's certificate";
    case http::Trouble::bad_url:
      return "url: https://<project>.supabase.co";
    case http::Trouble::other:
      break;
  }
  return "check url of the connection, and that the server runs";
}

}  // namespace

std::string rest_name(std::string_view name) {
  return std::ranges::all_of(name, is_plain) ? std::string(name) : in_quotes(name);
}

std::string rest_value(std::string_view value) { return in_quotes(value); }

RestClient::RestClient(const nlohmann::json& fields, const std::filesystem::path& base_dir, const CancelToken& cancel)
    : m_url(rest_url(fields)),
      m_key(rest_key(fields)),
      m_schema(fields.value("schema", "")),
      m_cancel(cancel),
      m_http(client_options(fields, base_dir), cancel) {}

http::Request RestClient::http_request(const RestRequest& request) const {
  http::Request http;
  http.takes_gzip = true;
  http.method = request.method;
  http.url = fmt::format("{}/{}", m_url, http::url_encoded(request.table.name));
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    http.url += fmt::format("{}{}={}", separator, name, http::url_encoded(value));
    separator = '&';
  }
  http.headers = request.headers;
  http.headers.push_back("apikey: " + m_key);
  http.headers.push_back("Authorization: Bearer " + m_key);
  const std::string& schema = request.table.schema.empty() ? m_schema : request.table.schema;
  if (!schema.empty()) {
    http.headers.push_back(fmt::format("{}-Profile: {}", request.method == "GET" ? "Accept" : "Content", schema));
  }
  if (!request.body.empty()) http.headers.emplace_back("Content-Type: application/json");
  http.body = request.body;
  http.is_idempotent = request.is_idempotent;
  return http;
}

http::Response RestClient::send_once(const http::Request& request) {
  m_asked_pause = {};
  m_is_outcome_unknown = false;
  auto sent = m_http.send(request);
  if (!sent) {
    m_is_outcome_unknown = !request.is_idempotent && sent.error().may_have_arrived;
    Error error = std::move(sent.error().error);
    error.hint = hint_of(sent.error().trouble);
    error.retryable = error.retryable && !m_is_outcome_unknown;
    fail(std::move(error));
  }
  if (sent->status < k_first_refusal) return *std::move(sent);
  const RestFault fault = read_fault(*sent);
  const RestVerdict verdict = judge(fault.status, fault.code);
  m_asked_pause = std::min(sent->retry_after, k_longest_pause);
  m_is_outcome_unknown = !request.is_idempotent && !verdict.is_undone;
  Error error = rest_error(fault);
  error.retryable = verdict.may_pass && !m_is_outcome_unknown;
  fail(std::move(error));
}

http::Response RestClient::send(const RestRequest& request) {
  const http::Request http = http_request(request);
  http::Response response;
  const auto wait = [this](std::chrono::milliseconds delay, const CancelToken& cancel) {
    wait_or_cancel(std::max<std::chrono::milliseconds>(delay, m_asked_pause), cancel);
  };
  try {
    with_retries(
        {}, m_cancel, [&] { response = send_once(http); }, wait);
  } catch (const Exception& exception) {
    Error error = exception.error();
    error.retryable = false;
    fail(std::move(error));
  }
  return response;
}

}  // namespace spillway::drivers::supabase
