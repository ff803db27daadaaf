#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/sandbox_server.hpp"
#include "support/temp_dir.hpp"

namespace spillway::testing {

/// A sandboxd whose sandboxes have this build's worker in them already, as those of a template do. Needs bubblewrap
/// (no_bwrap_reason).
class E2bHost {
 public:
  explicit E2bHost(const std::vector<std::string>& options = {});

  const SandboxServer& server() const { return m_server; }
  std::map<std::string, std::string> environment() const { return m_server.environment(); }
  /// How many sandboxes there are now.
  std::size_t sandboxes() const;

 private:
  TempDir m_template;
  SandboxServer m_server;
};

}  // namespace spillway::testing
