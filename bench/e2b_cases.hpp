#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cases.hpp"

namespace spillway::testing {
class FaultProxy;
class SandboxServer;
}  // namespace spillway::testing

namespace spillway::bench {

/// The cases of E2B, against sandboxd on this machine, 30 ms away in each direction. The servers end with this.
class E2bCases {
 public:
  explicit E2bCases(std::filesystem::path folder);
  ~E2bCases();

  std::vector<Case> cases();

 private:
  struct Host;
  Host& add_host(const std::vector<std::string>& options);
  Command run(const std::string& target, const Host* host, const std::string& pipeline) const;
  Command curl(const Host& host) const;

  std::filesystem::path m_folder;
  std::vector<std::unique_ptr<Host>> m_hosts;
};

/// The names of the cases, without starting anything.
std::vector<std::string> e2b_case_names();

}  // namespace spillway::bench
