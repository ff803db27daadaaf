#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "util/cancel.hpp"
#include "util/error.hpp"

namespace spillway::http {

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers = {};  ///< names in lower case
  std::string body = {};
  std::chrono::seconds retry_after{0};  ///< as the server asked for

  std::string header(const std::string& name) const;
  bool is_success() const;
};

struct Request {
  std::string method = "GET";
  std::string url = {};
  std::vector<std::string> headers = {};  ///< "Name: value"
  std::string_view body = {};
  bool is_idempotent = true;  ///< else it goes over a connection of its own, which is never tried twice
  bool takes_gzip = false;    ///< the answer may come compressed, and is unpacked
  /// Where the body of a 2xx answer goes as it comes, instead of into Response::body; the status and the headers are
  /// known by then. What it throws ends the request and is thrown by send.
  std::function<void(const Response&, std::string_view)> on_body = {};
  std::uint64_t most_body_bytes = UINT64_MAX;  ///< of Response::body: a longer one is an error, or cut when not 2xx
  std::chrono::seconds silence{300};           ///< when nothing comes or goes for so long, it is given up
  std::chrono::milliseconds timeout{0};        ///< for the whole of it; 0: as long as it takes
};

/// What hinders, so that a caller can say what to do about it.
enum class Trouble { other, unknown_host, certificate, bad_url };

/// No answer came, or not all of it.
struct TransportError {
  Error error;  ///< without a hint; retryable when the network may do better next time
  Trouble trouble = Trouble::other;
  bool may_have_arrived = false;  ///< the server may have carried the request out
};

/// A worker's sandbox knows the server alone: no proxy is used, and names are looked up without a helper thread,
/// which libcurl talks to over a pair of sockets that a sandbox does not let it make. The host goes by the proxies of
/// its environment (https_proxy, no_proxy …).
enum class Surroundings { sandbox, host };

struct ClientOptions {
  std::string server;  ///< as errors call it: "cannot reach <server>: …"
  Surroundings surroundings = Surroundings::host;
  std::filesystem::path ca_file = {};  ///< of the authority that signs its certificate; empty: the system's
  std::chrono::seconds connect_timeout{10};
};

/// A conversation over HTTP or HTTPS; one thread at a time, so that requests at the same time take a client each.
/// Connections are kept, HTTP/2 is spoken where it is offered over TLS, and redirects are not followed (a key would
/// follow too).
class Client {
 public:
  Client(ClientOptions options, const CancelToken& cancel);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Throws ErrorCode::cancelled and what on_body throws, and nothing else.
  tl::expected<Response, TransportError> send(const Request& request);

 private:
  class Transfer;
  std::unique_ptr<Transfer> m_transfer;
};

/// Loads libcurl into this process, if it is not yet. Throws when it is not installed.
void load_library();

}  // namespace spillway::http
