#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/reach.hpp"
#include "drivers/supabase/libcurl.hpp"
#include "util/cancel.hpp"
#include "util/error.hpp"

namespace spillway::drivers::supabase {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers = {};  ///< "Name: value"
  std::string_view body = {};
  bool is_idempotent = true;  ///< else it goes over a connection of its own, which is never tried twice
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers = {};  ///< names in lower case
  std::string body = {};
  std::chrono::seconds retry_after{0};  ///< as the server asked for

  std::string header(const std::string& name) const;
};

/// No answer came.
struct TransportError {
  Error error;                    ///< retryable when the network may do better next time
  bool may_have_arrived = false;  ///< the server may have carried the request out
};

/// One conversation over HTTP or HTTPS; one thread at a time. Connections are kept, answers may be compressed,
/// redirects are not followed (a key would follow too), and no proxy is used: a sandbox knows the server alone.
class HttpClient {
 public:
  /// `fields` are those of the connection; relative paths of certificates start at `base_dir`.
  HttpClient(const nlohmann::json& fields, const std::filesystem::path& base_dir, const CancelToken& cancel);

  /// Throws ErrorCode::cancelled, and nothing else.
  tl::expected<HttpResponse, TransportError> send(const HttpRequest& request);

 private:
  void look_up_server();
  void set_up(const HttpRequest& request, const curl_slist* headers, HttpResponse& response);
  CURLcode perform();
  TransportError transport_error(CURLcode code) const;

  MultiHandle m_multi;
  EasyHandle m_easy;
  const CancelToken& m_cancel;
  ServerAddress m_server;
  ListHandle m_addresses;  ///< of the server, for libcurl
  std::string m_ca_file;
  long m_connect_timeout_seconds;
  std::string m_error_text;
};

}  // namespace spillway::drivers::supabase
