#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "sandboxd/rpc_error.hpp"
#include "sandboxd/running_process.hpp"

namespace spillway::sandboxd {

using Json = nlohmann::json;
using nlohmann::ordered_json;

/// What of a body is not looked at because it is too long.
constexpr std::size_t k_most_request_bytes = std::size_t{16} << 20;

/// A message of a stream: flags, length, JSON.
std::string envelope(const ordered_json& message);
/// The last envelope of a stream, which tells whether it went well.
std::string end_of_stream();
std::string end_of_stream(const RpcError& error);
/// The body of an answer that is no stream.
std::string error_body(const RpcError& error);

/// The one message that the request of a stream consists of. Throws RpcError.
Json parse_enveloped(std::string_view body);
/// The message of a request that is no stream. Throws RpcError.
Json parse_message(std::string_view body);

/// The parts of requests, as protobuf's JSON may write them: names also in snake case, numbers also as texts, what is
/// zero left out. All throw RpcError::invalid_argument for what is something else.
class MessageReader {
 public:
  explicit MessageReader(const Json& message);

  std::string text(const char* name, const char* snake_name = nullptr) const;
  std::uint64_t number(const char* name) const;
  std::optional<bool> boolean(const char* name) const;
  /// base64; nothing when it is not there.
  std::optional<std::string> bytes(const char* name) const;
  std::vector<std::string> texts(const char* name) const;
  std::vector<std::pair<std::string, std::string>> map(const char* name) const;
  bool has(const char* name) const { return find(name) != nullptr; }
  /// An empty one when it is not there.
  MessageReader message(const char* name) const;

 private:
  const Json* find(const char* name) const;

  const Json* m_message;
};

/// "5000": the milliseconds of Connect-Timeout-Ms; nothing when there is no such header.
std::optional<std::chrono::milliseconds> parse_timeout(std::string_view header);

/// The events of a process.
std::string start_envelope(int pid);
std::string output_envelope(const ProcessOutput& output);
std::string keepalive_envelope();

}  // namespace spillway::sandboxd
