#include "sandbox/socket_gate.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>

#include "util/fd.hpp"

namespace spillway::sandbox {
namespace {

/// A server on a free port of the loopback address.
class Listener {
 public:
  Listener() : m_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(m_socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(m_socket.get(), 5), 0);
    EXPECT_EQ(::getsockname(m_socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    m_port = ntohs(address.sin_port);
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  std::uint16_t port() const { return m_port; }
  /// What the next one to connect says.
  std::string hear() const {
    const Fd peer(::accept(m_socket.get(), nullptr, nullptr));
    std::array<char, 64> bytes{};
    const ssize_t count = ::read(peer.get(), bytes.data(), bytes.size());
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }

 private:
  Fd m_socket;
  std::uint16_t m_port = 0;
};

int connect_to(int socket, std::uint16_t port) {
  const sockaddr_in address = Listener::loopback(port);
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

class SocketGateTest : public ::testing::Test {
 protected:
  /// What `attempt` returns in a process whose sockets are the gate's.
  int in_worker(const std::function<int()>& attempt) {
    SocketGate gate({{"localhost", m_allowed.port(), {}}});
    const pid_t pid = ::fork();
    if (pid == 0) {
      hand_over_sockets(::dup(gate.worker_end()));
      ::_exit(attempt());
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  Listener m_allowed;
  Listener m_other;
};

TEST_F(SocketGateTest, AServerOfAConnectionIsReached) {
  EXPECT_EQ(in_worker([this] {
              const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
              const int status = connect_to(socket, m_allowed.port());
              return status == 0 && ::write(socket, "hello", 5) == 5 ? 0 : 1;
            }),
            0);
  EXPECT_EQ(m_allowed.hear(), "hello");
}

TEST_F(SocketGateTest, ASocketThatDoesNotWaitDoesNotWait) {
  EXPECT_EQ(in_worker([this] {
              const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
              const int status = connect_to(socket, m_allowed.port());
              return status == EINPROGRESS || status == 0 ? 0 : 1;
            }),
            0);
}

TEST_F(SocketGateTest, NoOtherPortIs) {
  EXPECT_EQ(in_worker([this] { return connect_to(::socket(AF_INET, SOCK_STREAM, 0), m_other.port()); }), EACCES);
}

TEST_F(SocketGateTest, NoOtherAddressIs) {
  EXPECT_EQ(in_worker([this] {
              sockaddr_in address = Listener::loopback(m_allowed.port());
              address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
              const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
              return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
            }),
            EACCES);
}

TEST_F(SocketGateTest, AConnectionIsNotTakenApart) {
  EXPECT_EQ(in_worker([this] {
              const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
              if (connect_to(socket, m_allowed.port()) != 0) return 1;
              sockaddr_in nothing{};
              nothing.sin_family = AF_UNSPEC;
              return ::connect(socket, reinterpret_cast<const sockaddr*>(&nothing), sizeof nothing) == 0 ? 0 : errno;
            }),
            EACCES);
}

TEST_F(SocketGateTest, OnlyStreamsAreMade) {
  for (const int type : {SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET}) {
    EXPECT_EQ(in_worker([type] { return ::socket(AF_INET, type, 0) >= 0 ? 0 : errno; }), EACCES);
  }
  EXPECT_EQ(in_worker([] { return ::socket(AF_NETLINK, SOCK_RAW, 0) >= 0 ? 0 : errno; }), EACCES);
  EXPECT_EQ(in_worker([] { return ::socket(AF_VSOCK, SOCK_STREAM, 0) >= 0 ? 0 : errno; }), EACCES);
  EXPECT_EQ(in_worker([] { return ::socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP) >= 0 ? 0 : errno; }), EACCES);
}

TEST_F(SocketGateTest, WhatRefusesIsTheServerInItsOwnWords) {
  const std::uint16_t closed = [] { return Listener().port(); }();
  SocketGate gate({{"127.0.0.1", closed, {}}});
  const pid_t pid = ::fork();
  if (pid == 0) {
    hand_over_sockets(::dup(gate.worker_end()));
    ::_exit(connect_to(::socket(AF_INET, SOCK_STREAM, 0), closed));
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), ECONNREFUSED);
}

TEST_F(SocketGateTest, AnAddressThatCannotBeReadIsAnError) {
  EXPECT_EQ(in_worker([] {
              const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
              return ::connect(socket, reinterpret_cast<const sockaddr*>(std::uintptr_t{16}), 16) == 0 ? 0 : errno;
            }),
            EFAULT);
  EXPECT_EQ(in_worker([this] { return connect_to(12345, m_allowed.port()); }), EBADF);
}

TEST(SocketGate, NamesAreWrittenWithTheirAddresses) {
  const SocketGate gate({{"127.0.0.1", 5432, {}}, {"no.such.name.invalid", 1, {}}, {{}, 0, "/run/db/.s.PGSQL.5432"}});
  EXPECT_EQ(gate.hosts_file(), "127.0.0.1 localhost\n127.0.0.1 127.0.0.1\n");
}

}  // namespace
}  // namespace spillway::sandbox
