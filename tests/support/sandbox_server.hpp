#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace spillway::testing {

/// A `spillway sandboxd` of the tests' own, on a free port of the loopback. It ends with this object, and with the
/// test program if that is killed. Needs bubblewrap (no_bwrap_reason).
class SandboxServer {
 public:
  static constexpr const char* k_key = "e2b_0123456789abcdef0123456789abcdef";

  /// `options` are those of the verb. Throws with the server's words when it does not come up.
  explicit SandboxServer(const std::vector<std::string>& options = {});
  SandboxServer(const SandboxServer&) = delete;
  SandboxServer& operator=(const SandboxServer&) = delete;
  ~SandboxServer();

  const std::string& url() const { return m_url; }
  int port() const;
  pid_t pid() const { return m_process->pid(); }
  /// What clients of E2B find it by.
  std::map<std::string, std::string> environment() const;
  /// What it has said so far.
  std::string log() const;
  /// Asks it to end and waits for that; returns its exit code.
  int stop();

 private:
  TempDir m_folder;
  std::optional<Process> m_process;
  std::string m_url;
};

}  // namespace spillway::testing
