#include "support/sandbox_server.hpp"

#include <signal.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::testing {

SandboxServer::SandboxServer(const std::vector<std::string>& options) {
  // The shell becomes the server: what it writes is in files, so that nobody has to read it in time.
  std::vector<std::string> command{
      "/bin/sh",          "-c",       R"(exec setpriv --pdeathsig TERM "$0" "$@" > url 2> log)",
      spillway_program(), "sandboxd", "--listen=127.0.0.1:0"};
  command.insert(command.end(), options.begin(), options.end());
  ProcessOptions process;
  process.directory = m_folder.path();
  process.environment = {{"SPILLWAY_SANDBOXD_KEY", k_key}};
  m_process.emplace(command, process);
  constexpr int k_most_tries = 3000;
  for (int tries = 0; tries < k_most_tries && !m_url.ends_with('\n'); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    m_url = read_file(m_folder / "url").value_or("");
    if (!log().empty()) break;
  }
  m_url = trim(m_url);
  if (m_url.empty()) throw std::runtime_error("sandboxd does not come up: " + log());
}

SandboxServer::~SandboxServer() {
  if (m_process) stop();
}

int SandboxServer::port() const {
  return static_cast<int>(parse_uint(m_url.substr(m_url.rfind(':') + 1)).value_or(0));
}

std::map<std::string, std::string> SandboxServer::environment() const {
  return {{"E2B_API_KEY", k_key}, {"E2B_API_URL", m_url}, {"E2B_SANDBOX_URL", m_url}};
}

std::string SandboxServer::log() const { return read_file(m_folder / "log").value_or(""); }

int SandboxServer::stop() {
  m_process->send_signal(SIGTERM);
  const int exit_code = m_process->wait().exit_code;
  m_process.reset();
  return exit_code;
}

}  // namespace spillway::testing
