#include "sandbox/socket_gate.hpp"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "util/descriptor_message.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::sandbox {
namespace {

/// An address as connect(2) takes it, port included.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

/// Family, address and port; empty for what is no internet address. Compared instead of the whole structure, which
/// has parts that do not matter.
std::string endpoint_of(const SocketAddress& address) {
  const auto text = [](const auto& host, std::uint16_t port) {
    return std::string(reinterpret_cast<const char*>(&host), sizeof host) + std::to_string(ntohs(port));
  };
  if (address.storage.ss_family == AF_INET && address.size >= sizeof(sockaddr_in)) {
    sockaddr_in internet{};
    std::memcpy(&internet, &address.storage, sizeof internet);
    return text(internet.sin_addr, internet.sin_port);
  }
  if (address.storage.ss_family == AF_INET6 && address.size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 internet{};
    std::memcpy(&internet, &address.storage, sizeof internet);
    return text(internet.sin6_addr, internet.sin6_port);
  }
  return {};
}

std::vector<SocketAddress> look_up(const drivers::ServerAddress& server) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  // A name without an address is no mistake yet: the step that connects to it reports it.
  if (::getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    SocketAddress& address = addresses.emplace_back();
    address.size = info->ai_addrlen;
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
  }
  return addresses;
}

std::string numeric_host(const SocketAddress& address) {
  std::array<char, NI_MAXHOST> text{};
  ::getnameinfo(address.get(), address.size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return text.data();
}

/// A descriptor that came over a socket.
std::optional<Fd> receive_descriptor(int socket) {
  char byte = 0;
  std::vector<Fd> descriptors;
  if (receive_with_descriptors(socket, &byte, 1, descriptors) != 1 || descriptors.empty()) return std::nullopt;
  return std::move(descriptors.front());
}

void send_descriptor(int socket, int fd) {
  constexpr char k_byte = 0;
  if (send_with_descriptors(socket, {&k_byte, 1}, {&fd, 1}) != 1) {
    fail(os_error(errno, "cannot hand over the worker's sockets"));
  }
}

/// The process of a thread.
pid_t process_of(std::uint32_t thread) {
  constexpr std::string_view k_name = "Tgid:";
  for (const std::string& line : split(read_file(fmt::format("/proc/{}/status", thread)).value_or(""), '\n')) {
    if (line.starts_with(k_name)) {
      return static_cast<pid_t>(parse_uint(trim(std::string_view(line).substr(k_name.size()))).value_or(0));
    }
  }
  return 0;
}

/// The process's own descriptor of that number, as one of ours.
Fd descriptor_of(std::uint32_t thread, std::uint64_t number) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, process_of(thread), 0)));
  return Fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), static_cast<int>(number), 0)));
}

}  // namespace

class SocketGate::Impl {
 public:
  explicit Impl(const std::vector<drivers::ServerAddress>& servers) : m_stop(::eventfd(0, EFD_CLOEXEC)) {
    for (const drivers::ServerAddress& server : servers) {
      if (!server.socket.empty()) continue;
      for (const SocketAddress& address : look_up(server)) {
        m_allowed.insert(endpoint_of(address));
        m_hosts += fmt::format("{} {}\n", numeric_host(address), server.host);
      }
    }
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0 || !m_stop) {
      fail(os_error(errno, "cannot make the sandbox"));
    }
    m_host_end = Fd(ends[0]);
    m_worker_end = Fd(ends[1]);
    m_thread = std::thread([this] { serve(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(m_stop.get(), &one, sizeof one);
    m_thread.join();
  }

  int worker_end() const { return m_worker_end.get(); }
  const std::string& hosts() const { return m_hosts; }

 private:
  bool wait_for(int fd) const {
    std::array<pollfd, 2> waited{{{fd, POLLIN, 0}, {m_stop.get(), POLLIN, 0}}};
    while (::poll(waited.data(), waited.size(), -1) < 0 && errno == EINTR) {
    }
    return waited[1].revents == 0 && (waited[0].revents & POLLIN) != 0;
  }

  void serve() {
    if (!wait_for(m_host_end.get())) return;
    const std::optional<Fd> listener = receive_descriptor(m_host_end.get());
    if (!listener) return;
    seccomp_notif* request = nullptr;
    seccomp_notif_resp* response = nullptr;
    if (::seccomp_notify_alloc(&request, &response) != 0) return;
    while (wait_for(listener->get())) {
      std::memset(request, 0, sizeof *request);
      // A call that a signal has interrupted meanwhile is none any more.
      if (::seccomp_notify_receive(listener->get(), request) != 0) continue;
      *response = {request->id, 0, 0, 0};
      if (answer(listener->get(), *request, *response)) ::seccomp_notify_respond(listener->get(), response);
    }
    ::seccomp_notify_free(request, response);
  }

  /// False when the call has been answered.
  bool answer(int listener, const seccomp_notif& request, seccomp_notif_resp& response) const {
    if (request.data.nr == SCMP_SYS(socket)) return open_socket(listener, request, response);
    return connect_socket(listener, request, response);
  }

  static bool open_socket(int listener, const seccomp_notif& request, seccomp_notif_resp& response) {
    const int family = static_cast<int>(request.data.args[0]);
    const int type = static_cast<int>(request.data.args[1]);
    const int protocol = static_cast<int>(request.data.args[2]);
    if (family == AF_UNIX) {
      // It reaches the sockets that are mounted in the sandbox.
      response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      return true;
    }
    const bool is_stream = (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM;
    if ((family != AF_INET && family != AF_INET6) || !is_stream || (protocol != 0 && protocol != IPPROTO_TCP)) {
      response.error = -EACCES;
      return true;
    }
    const Fd made(::socket(family, type | SOCK_CLOEXEC, protocol));
    if (!made) {
      response.error = -errno;
      return true;
    }
    seccomp_notif_addfd added{};
    added.id = request.id;
    added.flags = SECCOMP_ADDFD_FLAG_SEND;
    added.srcfd = static_cast<std::uint32_t>(made.get());
    added.newfd_flags = (type & SOCK_CLOEXEC) != 0 ? O_CLOEXEC : 0;
    if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &added) >= 0) return false;
    response.error = -errno;
    return true;
  }

  /// The address is read once, and the call made with what was read: the worker cannot change it in between.
  bool connect_socket(int listener, const seccomp_notif& request, seccomp_notif_resp& response) const {
    SocketAddress address;
    address.size = static_cast<socklen_t>(std::min<std::uint64_t>(request.data.args[2], sizeof address.storage));
    iovec local{&address.storage, address.size};
    iovec remote{reinterpret_cast<void*>(request.data.args[1]), address.size};
    if (::process_vm_readv(static_cast<pid_t>(request.pid), &local, 1, &remote, 1, 0) !=
        static_cast<ssize_t>(address.size)) {
      response.error = -EFAULT;
      return true;
    }
    if (address.storage.ss_family == AF_UNIX) {
      response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      return true;
    }
    const std::string endpoint = endpoint_of(address);
    if (endpoint.empty() || !m_allowed.contains(endpoint)) {
      response.error = -EACCES;
      return true;
    }
    const Fd socket = descriptor_of(request.pid, request.data.args[0]);
    // Only now: until here the thread could have ended, and another one have got its number.
    if (!socket || ::seccomp_notify_id_valid(listener, request.id) != 0) {
      response.error = -EBADF;
      return true;
    }
    response.error = -connect_within_limit(socket.get(), address);
    return true;
  }

  /// Returns an errno. A socket that waits for its connection does so no longer than the next one can wait for it.
  static int connect_within_limit(int socket, const SocketAddress& address) {
    if ((::fcntl(socket, F_GETFL) & O_NONBLOCK) != 0) {
      return ::connect(socket, address.get(), address.size) == 0 ? 0 : errno;
    }
    timeval before{};
    socklen_t size = sizeof before;
    constexpr timeval k_limit{10, 0};
    ::getsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &before, &size);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &k_limit, sizeof k_limit);
    const int status = ::connect(socket, address.get(), address.size) == 0 ? 0 : errno;
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &before, sizeof before);
    return status == EINPROGRESS ? ETIMEDOUT : status;
  }

  std::set<std::string> m_allowed;
  std::string m_hosts = "127.0.0.1 localhost\n";
  Fd m_stop;
  Fd m_host_end;
  Fd m_worker_end;
  std::thread m_thread;
};

SocketGate::SocketGate(const std::vector<drivers::ServerAddress>& servers)
    : m_impl(std::make_unique<Impl>(servers)) {}
SocketGate::~SocketGate() = default;
int SocketGate::worker_end() const { return m_impl->worker_end(); }
std::string SocketGate::hosts_file() const { return m_impl->hosts(); }

void hand_over_sockets(int fd) {
  const Fd gate(fd);
  const std::unique_ptr<void, decltype(&::seccomp_release)> filter(::seccomp_init(SCMP_ACT_ALLOW),
                                                                   &::seccomp_release);
  if (!filter) fail(out_of_memory_error());
  for (const int call : {SCMP_SYS(socket), SCMP_SYS(connect)}) {
    if (const int status = ::seccomp_rule_add(filter.get(), SCMP_ACT_NOTIFY, call, 0); status < 0) {
      fail(os_error(-status, "cannot hand over the worker's sockets"));
    }
  }
  if (const int status = ::seccomp_load(filter.get()); status < 0) {
    fail(os_error(-status, "cannot hand over the worker's sockets"));
  }
  const Fd listener(::seccomp_notify_fd(filter.get()));
  send_descriptor(gate.get(), listener.get());
}

}  // namespace spillway::sandbox
