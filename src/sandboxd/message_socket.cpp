#include "sandboxd/message_socket.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>

#include "util/descriptor_message.hpp"
#include "util/error.hpp"

namespace spillway::sandboxd {
namespace {

constexpr std::uint32_t k_most_bytes = 32U * 1024 * 1024;
constexpr timeval k_patience{30, 0};

[[noreturn]] void fail_to_send() { fail(os_error(errno, "cannot talk to the sandbox's agent")); }

}  // namespace

void MessageSocket::send(const Json& content, std::span<const int> descriptors) {
  const std::string text = content.dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::string frame(reinterpret_cast<const char*>(&size), sizeof size);
  frame += text;
  const std::scoped_lock lock(m_sending);
  for (std::string_view left = frame; !left.empty();) {
    const ssize_t count = send_with_descriptors(m_socket.get(), left, descriptors);
    if (count < 0) fail_to_send();
    left.remove_prefix(static_cast<std::size_t>(count));
    descriptors = {};  // they went with the first byte
  }
}

bool MessageSocket::read_exactly(char* to, std::size_t size, std::vector<Fd>& descriptors) const {
  while (size > 0) {
    const ssize_t count = receive_with_descriptors(m_socket.get(), to, size, descriptors);
    if (count <= 0) return false;
    to += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

std::optional<AgentMessage> MessageSocket::receive() {
  AgentMessage message;
  std::uint32_t size = 0;
  // Exactly a message at a time: so a descriptor belongs to the one that it came with.
  if (!read_exactly(reinterpret_cast<char*>(&size), sizeof size, message.descriptors)) return std::nullopt;
  if (size > k_most_bytes) fail(ErrorCode::protocol, "a message of the sandbox's agent is too long");
  std::string text(size, '\0');
  if (!read_exactly(text.data(), text.size(), message.descriptors)) return std::nullopt;
  message.content = Json::parse(text, nullptr, false);
  if (!message.content.is_object() || message.descriptors.size() > k_most_descriptors) {
    fail(ErrorCode::protocol, "a message of the sandbox's agent makes no sense");
  }
  return message;
}

void MessageSocket::shut_down() { ::shutdown(m_socket.get(), SHUT_RDWR); }

std::pair<Fd, Fd> make_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    fail(os_error(errno, "cannot make a socket"));
  }
  ::setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &k_patience, sizeof k_patience);
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace spillway::sandboxd
