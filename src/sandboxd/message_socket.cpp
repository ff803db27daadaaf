#include "sandboxd/message_socket.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "util/error.hpp"

namespace spillway::sandboxd {
namespace {

constexpr std::uint32_t k_most_bytes = 32U * 1024 * 1024;
constexpr std::size_t k_most_descriptors = 8;
constexpr timeval k_patience{30, 0};

[[noreturn]] void fail_to_send() { fail(os_error(errno, "cannot talk to the sandbox's agent")); }

}  // namespace

void MessageSocket::send(const Json& content, std::span<const int> descriptors) {
  const std::string text = content.dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::string frame(reinterpret_cast<const char*>(&size), sizeof size);
  frame += text;
  const std::scoped_lock lock(m_sending);
  iovec part{frame.data(), frame.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * k_most_descriptors)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  while (part.iov_len > 0) {
    const ssize_t count = ::sendmsg(m_socket.get(), &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_to_send();
    part = {static_cast<char*>(part.iov_base) + count, part.iov_len - static_cast<std::size_t>(count)};
    // They went with the first byte.
    message.msg_control = nullptr;
    message.msg_controllen = 0;
  }
}

bool MessageSocket::read_exactly(char* to, std::size_t size, std::vector<Fd>& descriptors) const {
  iovec part{to, size};
  while (part.iov_len > 0) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * k_most_descriptors)> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(m_socket.get(), &message, MSG_CMSG_CLOEXEC);
    if (count < 0 && errno == EINTR) continue;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      for (std::size_t at = CMSG_LEN(0); at + sizeof(int) <= header->cmsg_len; at += sizeof(int)) {
        int fd = -1;
        std::memcpy(&fd, reinterpret_cast<char*>(header) + at, sizeof fd);
        descriptors.emplace_back(fd);
      }
    }
    if (count <= 0) return false;
    part = {static_cast<char*>(part.iov_base) + count, part.iov_len - static_cast<std::size_t>(count)};
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
