#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "util/fd.hpp"

namespace spillway::sandboxd {

using Json = nlohmann::json;

/// A JSON object and the descriptors that came with it.
struct AgentMessage {
  Json content;
  std::vector<Fd> descriptors;
};

/// What sandboxd and the agent in a sandbox say to each other, over a Unix stream socket: a length of four bytes and
/// a JSON object. Neither end trusts what it reads: lengths and descriptors are bounded.
class MessageSocket {
 public:
  explicit MessageSocket(Fd socket) : m_socket(std::move(socket)) {}

  int fd() const { return m_socket.get(); }
  /// From any thread. Throws an os_error, also when the other end does not read.
  void send(const Json& content, std::span<const int> descriptors = {});
  /// The next message; nothing when the other end is gone. Throws ErrorCode::protocol at what is no message.
  std::optional<AgentMessage> receive();
  /// Whoever waits in receive(), here or there, sees the end.
  void shut_down();

 private:
  /// False at the end of the stream.
  bool read_exactly(char* to, std::size_t size, std::vector<Fd>& descriptors) const;

  Fd m_socket;
  std::mutex m_sending;
};

/// Both ends of a new one.
std::pair<Fd, Fd> make_socket_pair();

}  // namespace spillway::sandboxd
