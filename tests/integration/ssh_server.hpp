#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace spillway::testing {

/// Why there can be no sshd on this machine; empty when there can. A test skips with it.
std::string no_sshd_reason();

/// An sshd of the test's own: on a free port of the loopback, with a host key and a user key that were made for it
/// and go with it. Lets in the user that runs the test. Ends with this object.
class SshServer {
 public:
  SshServer();
  SshServer(const SshServer&) = delete;
  SshServer& operator=(const SshServer&) = delete;
  ~SshServer();

  /// An ssh command that runs `remote`, a shell command, there. It reads no configuration of the user's.
  std::vector<std::string> command(const std::string& remote) const;
  /// The same with another file of known hosts, or another key.
  std::vector<std::string> command(const std::string& remote, const std::filesystem::path& known_hosts,
                                   const std::filesystem::path& key) const;
  std::filesystem::path known_hosts() const { return m_folder / "known_hosts"; }
  std::filesystem::path key() const { return m_folder / "user_key"; }
  /// A key that the server does not know.
  std::filesystem::path other_key() const { return m_folder / "other_key"; }

 private:
  void start();

  TempDir m_folder;
  std::filesystem::path m_made;  ///< the folder that sshd wants when it is root
  int m_port = 0;
  std::unique_ptr<Process> m_process;
};

}  // namespace spillway::testing
