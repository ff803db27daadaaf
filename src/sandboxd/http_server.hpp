#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sandboxd/http.hpp"

namespace spillway::sandboxd {

struct ListenAddress {
  std::string host = "127.0.0.1";  ///< a name or an address
  std::uint16_t port = 0;          ///< 0: a free one
};

/// A plain HTTP/1.1 server with a thread a connection.
class HttpServer {
 public:
  /// Serves from now on; `handler` outlives it. Throws when it cannot listen there.
  HttpServer(const ListenAddress& address, HttpHandler& handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// Waits for the requests that are served: what they wait for has to have ended.
  ~HttpServer();

  /// "http://127.0.0.1:43121", with the port that it got.
  std::string url() const;
  /// Takes no new connections from now on.
  void stop_listening();

 private:
  class Impl;
  std::unique_ptr<Impl> m_impl;
};

}  // namespace spillway::sandboxd
