#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "e2b/address.hpp"
#include "e2b/e2b_error.hpp"
#include "e2b/settings.hpp"
#include "util/cancel.hpp"

namespace spillway::e2b {

using Metadata = std::map<std::string, std::string>;

/// Has a value that no other request has, so that what became of a request whose answer was lost can be found out.
inline constexpr auto k_request_key = "spillway_request";

struct NewSandbox {
  std::string template_id = "base";
  std::chrono::seconds life{300};  ///< it is deleted by the host so long after it was made, or its life was set last
  Metadata metadata = {};          ///< k_request_key is added when it is missing
  bool has_internet = true;
};

/// What the control plane tells of a sandbox.
struct SandboxInfo {
  std::string id;
  std::string template_id;
  std::string alias;       ///< of the template
  std::string state;       ///< "running" or "paused"
  std::string started_at;  ///< RFC 3339
  std::string ends_at;
  std::uint64_t cpus = 0;
  std::uint64_t memory_mib = 0;
  std::uint64_t disk_mib = 0;
  Metadata metadata = {};
};

/// A value for k_request_key.
std::string new_request_id();

/// Makes, finds and deletes sandboxes. One thread at a time. What is transient is tried again, with the pauses that
/// the host asks for. Throws ErrorCode::cancelled, and nothing else.
class ControlPlane {
 public:
  ControlPlane(const Settings& settings, const CancelToken& cancel);

  /// Never leaves two: when an answer is lost, the sandbox is looked for by its k_request_key before another is made.
  Answer<Sandbox> create(const NewSandbox& wanted);
  /// To one that is there; its life is extended to `life` from now, never shortened.
  Answer<Sandbox> connect(const std::string& id, std::chrono::seconds life);
  /// Fault::no_such when there is none.
  Answer<SandboxInfo> get(const std::string& id);
  /// Those that have all of these values, running and paused ones.
  Answer<std::vector<SandboxInfo>> list(const Metadata& metadata);
  /// So long from now. Fault::no_such when there is none.
  Answer<void> set_life(const std::string& id, std::chrono::seconds life);
  /// False when there was none.
  Answer<bool> remove(const std::string& id);

 private:
  enum class Times { one, several };
  Answer<http::Response> call(std::string_view what, const std::string& method, const std::string& path,
                              const std::string& body, Times times);
  Answer<http::Response> call_once(std::string_view what, const http::Request& request);
  Answer<Sandbox> create_once(const NewSandbox& wanted);
  Answer<std::optional<Sandbox>> find_created(const NewSandbox& wanted);

  Settings m_settings;
  const CancelToken& m_cancel;
  http::Client m_http;
};

}  // namespace spillway::e2b
