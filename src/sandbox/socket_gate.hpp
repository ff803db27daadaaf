#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drivers/reach.hpp"

namespace spillway::sandbox {

/// Connects a worker that has no network to the servers of its connections, and to no others: the worker asks the
/// kernel for a socket, the kernel asks this (seccomp_unotify(2)), and a thread here makes it in the host's network
/// and connects it. The worker then has a socket like any other: nothing stands in the way of its bytes, and what
/// goes wrong is told in the same words as outside.
class SocketGate {
 public:
  /// Looks the servers' names up: throughout the run they have the addresses that they have now.
  explicit SocketGate(const std::vector<drivers::ServerAddress>& servers);
  SocketGate(const SocketGate&) = delete;
  SocketGate& operator=(const SocketGate&) = delete;
  ~SocketGate();

  /// For hand_over_sockets in the worker.
  int worker_end() const;
  /// An /etc/hosts with those names and addresses.
  std::string hosts_file() const;

 private:
  class Impl;
  std::unique_ptr<Impl> m_impl;
};

/// Tells a worker the number of the gate's descriptor.
constexpr auto k_socket_gate_variable = "SPILLWAY_SOCKET_GATE";

/// In the worker, before it starts a thread: from now on `socket` and `connect` are carried out by the gate at the
/// other end of `fd`, which is closed.
void hand_over_sockets(int fd);

}  // namespace spillway::sandbox
