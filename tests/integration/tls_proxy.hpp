#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace spillway::testing {

/// Why there can be no such proxy on this machine; empty when there can. A test skips with it.
std::string no_tls_proxy_reason();

/// TLS and HTTP/2 before a server of plain HTTP/1.1, as a cloud has them: an nghttpx of the test's own on a free port
/// of the loopback, with a certificate that was made for it. Ends with this object.
class TlsProxy {
 public:
  explicit TlsProxy(int server_port);
  TlsProxy(const TlsProxy&) = delete;
  TlsProxy& operator=(const TlsProxy&) = delete;
  ~TlsProxy();

  std::string url() const;
  /// What a client has to trust.
  std::filesystem::path certificate() const { return m_folder / "certificate"; }
  /// Each request so far, and before it what the client has agreed to speak: "h2 POST /sandboxes HTTP/2".
  std::vector<std::string> requests() const;

 private:
  void start(int server_port);

  TempDir m_folder;
  int m_port = 0;
  std::unique_ptr<Process> m_process;
};

}  // namespace spillway::testing
