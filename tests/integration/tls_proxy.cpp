#include "tls_proxy.hpp"

#include <signal.h>
#include <unistd.h>

#include <stdexcept>

#include "support/free_port.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::testing {
namespace {

constexpr auto k_nghttpx = "/usr/sbin/nghttpx";
constexpr int k_attempts = 5;

}  // namespace

std::string no_tls_proxy_reason() {
  return ::access(k_nghttpx, X_OK) == 0 ? "" : "nghttp2-proxy is not installed: ./dev setup";
}

TlsProxy::TlsProxy(int server_port) {
  const ProcessResult made =
      Process({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
               "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key", "-out",
               "certificate"},
              {.directory = m_folder.path()})
          .wait();
  if (made.exit_code != 0) throw std::runtime_error("openssl: " + made.err);
  // Somebody may have taken the port meanwhile.
  for (int attempt = 0; attempt < k_attempts && !m_process; ++attempt) start(server_port);
  if (!m_process) throw std::runtime_error("nghttpx does not start");
}

TlsProxy::~TlsProxy() {
  if (!m_process) return;
  m_process->send_signal(SIGTERM);
  m_process->wait();
}

void TlsProxy::start(int server_port) {
  m_port = free_port();
  auto process = std::make_unique<Process>(
      std::vector<std::string>{"setpriv", "--pdeathsig", "TERM", k_nghttpx, "--conf=/dev/null", "--single-process",
                               "--workers=1", "--no-ocsp", "--frontend=127.0.0.1," + std::to_string(m_port),
                               "--backend=127.0.0.1," + std::to_string(server_port), "--accesslog-file=log",
                               "--accesslog-format=$alpn $request", "key", "certificate"},
      ProcessOptions{.directory = m_folder.path()});
  if (process->wait_for_error_text("Created worker thread")) m_process = std::move(process);
}

std::string TlsProxy::url() const { return "https://localhost:" + std::to_string(m_port); }

std::vector<std::string> TlsProxy::requests() const {
  std::vector<std::string> lines = split(read_file(m_folder / "log").value_or(""), '\n');
  std::erase(lines, "");
  return lines;
}

}  // namespace spillway::testing
