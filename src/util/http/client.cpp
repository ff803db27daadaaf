#include "util/http/client.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <exception>
#include <utility>

#include <fmt/format.h>

#include "util/http/libcurl.hpp"
#include "util/http/status.hpp"
#include "util/http/url.hpp"
#include "util/strings.hpp"
#include "util/version.hpp"

namespace spillway::http {
namespace {

const std::string k_user_agent = fmt::format("spillway/{}", k_program_version);
constexpr int k_poll_ms = 20;
constexpr long k_buffer_bytes = 256L * 1024;
/// Of an answer that is no success only its reason is looked at.
constexpr std::uint64_t k_most_refusal_bytes = 65536;

ListHandle string_list(const std::vector<std::string>& texts) {
  ListHandle list;
  for (const std::string& text : texts) {
    curl_slist* longer = libcurl().slist_append(list.get(), text.c_str());
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

Trouble trouble_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Trouble::unknown_host;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return Trouble::certificate;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return Trouble::bad_url;
    default:
      return Trouble::other;
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

/// What libcurl's callbacks fill; an exception does not pass through C.
struct Answer {
  const Request& request;
  Response response = {};
  bool is_too_long = false;
  std::exception_ptr failure = {};

  void take_header(std::string_view line) {
    if (line.starts_with("HTTP/")) {  // also that of "100 Continue", whose headers are nobody's
      response.headers.clear();
      const std::string_view status = line.substr(std::min(line.size(), line.find(' ') + 1));
      response.status = static_cast<int>(parse_uint(status.substr(0, 3)).value_or(0));
    }
    if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      response.headers[to_lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
    }
  }

  /// False when nothing more is wanted.
  bool take_body(std::string_view bytes) {
    if (response.is_success() && request.on_body) {
      try {
        request.on_body(response, bytes);
      } catch (...) {
        failure = std::current_exception();
      }
      return !failure;
    }
    const std::uint64_t most = response.is_success() ? request.most_body_bytes : k_most_refusal_bytes;
    const std::uint64_t room = most - response.body.size();
    is_too_long = response.is_success() && bytes.size() > room;
    if (!is_too_long) response.body.append(bytes.substr(0, room));
    return !is_too_long;
  }
};

std::size_t on_header(char* data, std::size_t, std::size_t size, void* answer) {
  static_cast<Answer*>(answer)->take_header({data, size});
  return size;
}

std::size_t on_bytes(char* data, std::size_t, std::size_t size, void* answer) {
  return static_cast<Answer*>(answer)->take_body({data, size}) ? size : 0;
}

}  // namespace

std::string Response::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

bool Response::is_success() const { return status >= k_ok && status < k_redirection; }

/// The handles of libcurl that a client keeps, and what goes through them.
class Client::Transfer {
 public:
  Transfer(ClientOptions options, const CancelToken& cancel)
      : m_options(std::move(options)),
        m_cancel(cancel),
        m_multi(libcurl().multi_init()),
        m_easy(libcurl().easy_init()),
        m_error_text(CURL_ERROR_SIZE, '\0') {}

  tl::expected<Response, TransportError> send(const Request& request) {
    if (m_options.surroundings == Surroundings::sandbox) {
      if (auto error = look_up_server(request.url)) return tl::unexpected(*std::move(error));
    }
    Answer answer{request};
    std::vector<std::string> lines = request.headers;
    lines.emplace_back("Expect:");  // else libcurl waits for leave to send a body
    const ListHandle headers = string_list(lines);
    set_up(request, headers.get(), answer);
    const CURLcode code = perform();
    if (answer.failure) std::rethrow_exception(answer.failure);
    if (m_cancel.is_cancelled()) fail(ErrorCode::cancelled, "cancelled");
    if (answer.is_too_long) return tl::unexpected(too_long(request));
    if (code != CURLE_OK) return tl::unexpected(transport_error(code));
    curl_off_t retry_after = 0;
    libcurl().easy_getinfo(m_easy.get(), CURLINFO_RETRY_AFTER, &retry_after);
    answer.response.retry_after = std::chrono::seconds(retry_after);
    return std::move(answer.response);
  }

 private:
  std::optional<TransportError> look_up_server(const std::string& url) {
    const std::optional<HostPort> server = server_of(url);
    if (!server || server->host.empty() || server->host.find(':') != std::string::npos) return std::nullopt;
    const std::string name = fmt::format("{}:{}", server->host, server->port);
    if (name == m_looked_up) return std::nullopt;
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    const int status = ::getaddrinfo(server->host.c_str(), nullptr, &wanted, &first);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(first, ::freeaddrinfo);
    if (status != 0) {
      TransportError failure{
          make_error(ErrorCode::connection, fmt::format("cannot reach {}: cannot look up '{}': {}", m_options.server,
                                                        server->host, ::gai_strerror(status))),
          Trouble::unknown_host};
      failure.error.retryable = status == EAI_AGAIN;
      return failure;
    }
    std::vector<std::string> addresses;
    for (const addrinfo* one = found.get(); one != nullptr; one = one->ai_next) {
      std::string text(NI_MAXHOST, '\0');
      ::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), static_cast<socklen_t>(text.size()), nullptr, 0,
                    NI_NUMERICHOST);
      text.resize(text.find('\0'));
      addresses.push_back(one->ai_family == AF_INET6 ? fmt::format("[{}]", text) : text);
    }
    m_addresses = string_list({fmt::format("{}:{}", name, join(addresses, ","))});
    m_looked_up = name;
    return std::nullopt;
  }

  void set_up(const Request& request, const curl_slist* headers, Answer& answer) {
    const auto set = [this](CURLoption option, auto value) { libcurl().easy_setopt(m_easy.get(), option, value); };
    libcurl().easy_reset(m_easy.get());
    m_error_text.assign(CURL_ERROR_SIZE, '\0');
    set(CURLOPT_ERRORBUFFER, m_error_text.data());
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    if (m_options.surroundings == Surroundings::sandbox) set(CURLOPT_PROXY, "");
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_USERAGENT, k_user_agent.c_str());
    if (request.takes_gzip) set(CURLOPT_ACCEPT_ENCODING, "gzip");
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(m_options.connect_timeout.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.silence.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (m_addresses) set(CURLOPT_RESOLVE, m_addresses.get());
    if (!m_options.ca_file.empty()) set(CURLOPT_CAINFO, m_options.ca_file.c_str());
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_BUFFERSIZE, k_buffer_bytes);
    set(CURLOPT_UPLOAD_BUFFERSIZE, k_buffer_bytes);
    set(CURLOPT_WRITEFUNCTION, &on_bytes);
    set(CURLOPT_WRITEDATA, &answer);
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &answer);
    // On a connection that was used before, libcurl sends a request again by itself when no answer comes.
    if (!request.is_idempotent) set(CURLOPT_FRESH_CONNECT, 1L);
    if (request.method == "GET") return;
    if (request.method != "DELETE") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  CURLcode perform() {
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
    return code;
  }

  TransportError transport_error(CURLcode code) const {
    long sent = 0;
    libcurl().easy_getinfo(m_easy.get(), CURLINFO_REQUEST_SIZE, &sent);
    const std::string_view detail = std::string_view(m_error_text).substr(0, m_error_text.find('\0'));
    TransportError failure{
        make_error(ErrorCode::connection, fmt::format("cannot reach {}: {}", m_options.server,
                                                      detail.empty() ? libcurl().easy_strerror(code) : detail)),
        trouble_of(code), sent > 0};
    failure.error.retryable = is_passing(code);
    return failure;
  }

  TransportError too_long(const Request& request) const {
    return {make_error(ErrorCode::protocol, fmt::format("{} sent an answer of more than {}", m_options.server,
                                                        human_bytes(request.most_body_bytes))),
            Trouble::other, true};
  }

  ClientOptions m_options;
  const CancelToken& m_cancel;
  MultiHandle m_multi;
  EasyHandle m_easy;
  std::string m_looked_up;  ///< the server that m_addresses are of
  ListHandle m_addresses;   ///< for libcurl
  std::string m_error_text;
};

Client::Client(ClientOptions options, const CancelToken& cancel)
    : m_transfer(std::make_unique<Transfer>(std::move(options), cancel)) {}
Client::~Client() = default;

tl::expected<Response, TransportError> Client::send(const Request& request) { return m_transfer->send(request); }

void load_library() { libcurl(); }

}  // namespace spillway::http
