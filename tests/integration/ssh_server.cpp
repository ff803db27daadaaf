#include "ssh_server.hpp"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "support/free_port.hpp"
#include "support/run_dir.hpp"

namespace spillway::testing {
namespace fs = std::filesystem;
namespace {

constexpr auto k_sshd = "/usr/sbin/sshd";
/// Where sshd locks up the part of it that speaks with strangers; the system makes it when it starts the service.
constexpr auto k_locked_folder = "/run/sshd";
constexpr int k_attempts = 5;

void make_key(const fs::path& path) {
  const ProcessResult made =
      Process({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "throw-away", "-f", path.string()}, {}).wait();
  if (made.exit_code != 0) throw std::runtime_error("ssh-keygen: " + made.err);
}

}  // namespace

std::string no_sshd_reason() {
  if (::access(k_sshd, X_OK) != 0) return "openssh-server is not installed: ./dev setup";
  return Process({"/bin/sh", "-c", "command -v ssh ssh-keygen"}, {}).wait().exit_code == 0
             ? ""
             : "openssh-client is not installed: ./dev setup";
}

SshServer::SshServer() {
  for (const char* name : {"host_key", "user_key", "other_key"}) make_key(m_folder / name);
  fs::copy_file(m_folder / "user_key.pub", m_folder / "authorized_keys");
  if (::geteuid() == 0 && !fs::exists(k_locked_folder)) {
    fs::create_directory(k_locked_folder);
    m_made = k_locked_folder;
  }
  // Somebody may have taken the port meanwhile.
  for (int attempt = 0; attempt < k_attempts && !m_process; ++attempt) start();
  if (!m_process) throw std::runtime_error("sshd does not start");
}

SshServer::~SshServer() {
  if (m_process) m_process->send_signal(SIGTERM);
  if (m_process) m_process->wait();
  std::error_code ignored;
  if (!m_made.empty()) fs::remove(m_made, ignored);
}

void SshServer::start() {
  m_port = free_port();
  const std::string folder = m_folder.path().string();
  std::ofstream(m_folder / "sshd_config") << "Port " << m_port << "\nListenAddress 127.0.0.1\nHostKey " << folder
                                          << "/host_key\nAuthorizedKeysFile " << folder
                                          << "/authorized_keys\nPidFile none\nUsePAM no\nStrictModes no\n"
                                             "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
                                             "PermitRootLogin prohibit-password\n";
  std::ofstream(m_folder / "known_hosts") << "[127.0.0.1]:" << m_port << " " << read_text(m_folder / "host_key.pub");
  auto process = std::make_unique<Process>(
      std::vector<std::string>{k_sshd, "-D", "-e", "-f", (m_folder / "sshd_config").string()}, ProcessOptions{});
  if (process->wait_for_error_text("Server listening on 127.0.0.1")) m_process = std::move(process);
}

std::vector<std::string> SshServer::command(const std::string& remote) const {
  return command(remote, known_hosts(), key());
}

std::vector<std::string> SshServer::command(const std::string& remote, const fs::path& known_hosts,
                                            const fs::path& key) const {
  return {"ssh",
          "-F",
          "/dev/null",
          "-o",
          "BatchMode=yes",
          "-o",
          "StrictHostKeyChecking=yes",
          "-o",
          "UserKnownHostsFile=" + known_hosts.string(),
          "-o",
          "IdentitiesOnly=yes",
          "-i",
          key.string(),
          "-p",
          std::to_string(m_port),
          "127.0.0.1",
          remote};
}

}  // namespace spillway::testing
