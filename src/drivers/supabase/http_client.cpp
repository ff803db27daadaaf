#include "drivers/supabase/http_client.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "config/connection_fields.hpp"
#include "drivers/supabase/reach.hpp"
#include "util/strings.hpp"
#include "util/version.hpp"

namespace spillway::drivers::supabase {
namespace {

const std::string k_user_agent = fmt::format("spillway/{}", k_program_version);
constexpr int k_poll_ms = 20;
constexpr long k_connect_seconds = 10;
/// A server that sends nothing for so long is given up.
constexpr long k_silence_seconds = 300;

std::size_t append_body(char* data, std::size_t, std::size_t size, void* response) {
  static_cast<HttpResponse*>(response)->body.append(data, size);
  return size;
}

std::size_t append_header(char* data, std::size_t, std::size_t size, void* response) {
  const std::string_view line(data, size);
  auto& headers = static_cast<HttpResponse*>(response)->headers;
  if (line.starts_with("HTTP/")) headers.clear();  // those of "100 Continue"
  if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    headers[to_lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
  }
  return size;
}

ListHandle string_list(const std::vector<std::string>& texts) {
  ListHandle list;
  for (const std::string& text : texts) {
    curl_slist* longer = libcurl().slist_append(list.get(), text.c_str());
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

std::string hint_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "check url or project_id of the connection; a paused project has no address";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return "sslrootcert names the file of the authority that signed the server's certificate";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return "url: https://<project>.supabase.co";
    default:
      return "check url of the connection, and that the server runs";
  }
}

bool is_passing(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string HttpResponse::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

HttpClient::HttpClient(const nlohmann::json& fields, const std::filesystem::path& base_dir, const CancelToken& cancel)
    : m_multi(libcurl().multi_init()),
      m_easy(libcurl().easy_init()),
      m_cancel(cancel),
      m_server(rest_server(fields).value_or(ServerAddress())),
      m_connect_timeout_seconds(k_connect_seconds),
      m_error_text(CURL_ERROR_SIZE, '\0') {
  if (const std::string file = config::field_text(fields, "sslrootcert"); !file.empty() && file != "system") {
    m_ca_file = (base_dir / file).lexically_normal().string();
  }
  if (const auto seconds = parse_uint(config::field_text(fields, "connect_timeout"))) {
    m_connect_timeout_seconds = static_cast<long>(*seconds);
  }
}

/// libcurl would look names up in a thread that it talks to over a pair of sockets, which a sandbox does not let it
/// make.
void HttpClient::look_up_server() {
  const bool is_address = m_server.host.find(':') != std::string::npos;
  if (m_addresses || m_server.host.empty() || is_address) return;
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int status = ::getaddrinfo(m_server.host.c_str(), nullptr, &wanted, &first);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(first, ::freeaddrinfo);
  if (status != 0) {
    Error error = make_error(
        ErrorCode::connection,
        fmt::format("cannot reach Supabase: cannot look up '{}': {}", m_server.host, ::gai_strerror(status)),
        hint_of(CURLE_COULDNT_RESOLVE_HOST));
    error.retryable = status == EAI_AGAIN;
    fail(std::move(error));
  }
  std::vector<std::string> addresses;
  for (const addrinfo* one = found.get(); one != nullptr; one = one->ai_next) {
    std::string text(NI_MAXHOST, '\0');
    ::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), static_cast<socklen_t>(text.size()), nullptr, 0,
                  NI_NUMERICHOST);
    text.resize(text.find('\0'));
    addresses.push_back(one->ai_family == AF_INET6 ? fmt::format("[{}]", text) : text);
  }
  m_addresses = string_list({fmt::format("{}:{}:{}", m_server.host, m_server.port, join(addresses, ","))});
}

void HttpClient::set_up(const HttpRequest& request, const curl_slist* headers, HttpResponse& response) {
  const auto set = [this](CURLoption option, auto value) { libcurl().easy_setopt(m_easy.get(), option, value); };
  libcurl().easy_reset(m_easy.get());
  m_error_text.assign(CURL_ERROR_SIZE, '\0');
  set(CURLOPT_ERRORBUFFER, m_error_text.data());
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, k_user_agent.c_str());
  set(CURLOPT_ACCEPT_ENCODING, "gzip");
  set(CURLOPT_CONNECTTIMEOUT, m_connect_timeout_seconds);
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, k_silence_seconds);
  if (m_addresses) set(CURLOPT_RESOLVE, m_addresses.get());
  if (!m_ca_file.empty()) set(CURLOPT_CAINFO, m_ca_file.c_str());
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_WRITEFUNCTION, &append_body);
  set(CURLOPT_WRITEDATA, &response);
  set(CURLOPT_HEADERFUNCTION, &append_header);
  set(CURLOPT_HEADERDATA, &response);
  // On a connection that was used before, libcurl sends a request again by itself when no answer comes.
  if (!request.is_idempotent) set(CURLOPT_FRESH_CONNECT, 1L);
  if (request.method == "GET") return;
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  set(CURLOPT_POSTFIELDS, request.body.data());
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

CURLcode HttpClient::perform() {
  const Libcurl& curl = libcurl();
  curl.multi_add_handle(m_multi.get(), m_easy.get());
  int running = 1;
  while (running != 0 && !m_cancel.is_cancelled()) {
    if (curl.multi_perform(m_multi.get(), &running) != CURLM_OK) break;
    if (running != 0) curl.multi_poll(m_multi.get(), nullptr, 0, k_poll_ms, nullptr);
  }
  CURLcode code = CURLE_FAILED_INIT;
  int left = 0;
  while (const CURLMsg* message = curl.multi_info_read(m_multi.get(), &left)) {
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  }
  curl.multi_remove_handle(m_multi.get(), m_easy.get());
  if (m_cancel.is_cancelled()) fail(ErrorCode::cancelled, "cancelled");
  return code;
}

TransportError HttpClient::transport_error(CURLcode code) const {
  long sent = 0;
  libcurl().easy_getinfo(m_easy.get(), CURLINFO_REQUEST_SIZE, &sent);
  const std::string_view detail = std::string_view(m_error_text).substr(0, m_error_text.find('\0'));
  TransportError failure;
  failure.error =
      make_error(ErrorCode::connection,
                 fmt::format("cannot reach Supabase: {}", detail.empty() ? libcurl().easy_strerror(code) : detail),
                 hint_of(code));
  failure.error.retryable = is_passing(code);
  failure.may_have_arrived = sent > 0;
  return failure;
}

tl::expected<HttpResponse, TransportError> HttpClient::send(const HttpRequest& request) {
  try {
    look_up_server();
  } catch (const Exception& exception) {
    return tl::unexpected(TransportError{exception.error(), false});
  }
  HttpResponse response;
  const ListHandle headers = string_list(request.headers);
  set_up(request, headers.get(), response);
  if (const CURLcode code = perform(); code != CURLE_OK) return tl::unexpected(transport_error(code));
  long status = 0;
  libcurl().easy_getinfo(m_easy.get(), CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  curl_off_t retry_after = 0;
  libcurl().easy_getinfo(m_easy.get(), CURLINFO_RETRY_AFTER, &retry_after);
  response.retry_after = std::chrono::seconds(retry_after);
  return response;
}

}  // namespace spillway::drivers::supabase
