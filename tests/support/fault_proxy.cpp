#include "support/fault_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t k_piece_bytes = 65536;
/// What is under way on one side beyond this waits at its sender.
constexpr std::size_t k_most_waiting_bytes = std::size_t{16} * 1024 * 1024;
constexpr int k_poll_ms = 5;
constexpr int k_backlog = 128;
/// As long as an answer of the proxy's own takes to arrive whatever the client still sends.
constexpr std::chrono::milliseconds k_linger{300};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

void make_prompt(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// The first line of a request, when a piece begins with one: clients send a request's head in one piece.
std::optional<std::string> request_line(std::string_view piece) {
  const std::size_t end = piece.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = piece.substr(0, end);
  return line.ends_with(" HTTP/1.1") ? std::optional<std::string>(line) : std::nullopt;
}

}  // namespace

std::string http_answer(const std::string& status, const std::string& body, const std::string& headers,
                        const std::string& type) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status,
                     type, body.size(), headers, body);
}

class FaultProxy::Connection {
 public:
  Connection(FaultProxy& proxy, Fd client) : m_proxy(proxy), m_client(std::move(client)), m_cuts(proxy.m_cuts) {}

  void run() {
    const sockaddr_in address = loopback(m_proxy.m_server_port);
    m_server = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(m_server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
    make_prompt(m_client.get());
    make_prompt(m_server.get());
    while (!m_proxy.m_has_ended && m_proxy.m_cuts == m_cuts && step()) {
    }
    // A cut, and no end: what is under way is lost.
    const linger hard{1, 0};
    if (!(m_up.is_shut && m_down.is_shut)) {
      for (const Fd* end : {&m_client, &m_server}) {
        ::setsockopt(end->get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
      }
    }
  }

 private:
  /// Bytes on their way from one socket to another.
  struct Way {
    struct Piece {
      Clock::time_point due;
      std::string bytes;
    };
    std::deque<Piece> pieces;
    std::size_t waiting = 0;
    bool has_ended = false;  ///< its sender has said all
    bool is_shut = false;    ///< and its receiver knows
    std::optional<std::uint64_t> cut_after;
    std::optional<std::uint64_t> stall_after;
    Clock::time_point stalled_until = Clock::time_point::min();
    std::chrono::milliseconds stall{0};

    void add(std::string bytes, Clock::duration delay) {
      waiting += bytes.size();
      pieces.push_back({Clock::now() + delay, std::move(bytes)});
    }
    bool is_due() const {
      return !pieces.empty() && pieces.front().due <= Clock::now() && stalled_until <= Clock::now();
    }
    /// How much of the first piece may go now; nothing when the way ends here.
    std::optional<std::size_t> allowed() {
      std::size_t count = pieces.front().bytes.size();
      if (stall_after) {
        if (*stall_after == 0) {
          stalled_until = Clock::now() + stall;
          stall_after.reset();
          return 0;
        }
        count = std::min<std::size_t>(count, *stall_after);
      }
      if (cut_after) {
        if (*cut_after == 0) return std::nullopt;
        count = std::min<std::size_t>(count, *cut_after);
      }
      return count;
    }
    void sent(std::size_t count) {
      if (cut_after) *cut_after -= count;
      if (stall_after) *stall_after -= count;
      waiting -= count;
      pieces.front().bytes.erase(0, count);
      if (pieces.front().bytes.empty()) pieces.pop_front();
    }
    /// Sends what is due; false when the connection is over.
    bool send_due(int to) {
      while (is_due()) {
        const std::optional<std::size_t> count = allowed();
        if (!count) return false;
        if (*count == 0) return true;
        const ssize_t gone = ::send(to, pieces.front().bytes.data(), *count, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (gone < 0) return errno == EAGAIN || errno == EINTR;
        sent(static_cast<std::size_t>(gone));
      }
      if (has_ended && pieces.empty() && !std::exchange(is_shut, true)) ::shutdown(to, SHUT_WR);
      return true;
    }
  };

  bool step() {
    const auto wants = [](const Way& from, const Way& to) {
      int events = 0;
      if (!from.has_ended && from.waiting < k_most_waiting_bytes) events |= POLLIN;
      if (to.is_due()) events |= POLLOUT;
      return static_cast<short>(events);
    };
    std::array<pollfd, 2> ends{{{m_client.get(), wants(m_up, m_down), 0}, {m_server.get(), wants(m_down, m_up), 0}}};
    ::poll(ends.data(), ends.size(), wait_ms());
    if ((ends[0].events & POLLIN) != 0 && (ends[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !read_client()) {
      return false;
    }
    if ((ends[1].events & POLLIN) != 0 && (ends[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
        !read(m_server.get(), m_down)) {
      return false;
    }
    if (!m_up.send_due(m_server.get()) || !m_down.send_due(m_client.get())) return false;
    return !(m_up.is_shut && m_down.is_shut);
  }

  /// Until the next piece is due, or it is time to look around.
  int wait_ms() const {
    int wait = k_poll_ms;
    for (const Way* way : {&m_up, &m_down}) {
      if (way->pieces.empty() || way->is_due()) continue;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(way->pieces.front().due - Clock::now());
      wait = std::clamp(static_cast<int>(left.count()), 0, wait);
    }
    return wait;
  }

  std::optional<std::string> receive(int from) {
    std::string piece(k_piece_bytes, '\0');
    const ssize_t count = ::recv(from, piece.data(), piece.size(), MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR ? std::optional<std::string>("") : std::nullopt;
    piece.resize(static_cast<std::size_t>(count));
    m_is_at_end = count == 0;
    return piece;
  }

  bool read(int from, Way& way) {
    std::optional<std::string> piece = receive(from);
    if (!piece) return false;
    if (std::exchange(m_is_at_end, false)) {
      way.has_ended = true;
    } else if (!piece->empty()) {
      way.add(*std::move(piece), std::chrono::microseconds(m_proxy.m_delay_us));
    }
    return true;
  }

  bool read_client() {
    std::optional<std::string> piece = receive(m_client.get());
    if (!piece) return false;
    if (std::exchange(m_is_at_end, false)) {
      m_up.has_ended = true;
      return true;
    }
    if (piece->empty()) return true;
    if (const auto line = request_line(*piece)) {
      const auto fault = m_proxy.fault_of(*line);
      if (fault && fault->kind == ProxyFault::Kind::answer) return answer(*fault);
      if (fault) arm(*fault);
    }
    m_up.add(*std::move(piece), std::chrono::microseconds(m_proxy.m_delay_us));
    return true;
  }

  void arm(const ProxyFault& fault) {
    const bool is_request =
        fault.kind == ProxyFault::Kind::cut_request || fault.kind == ProxyFault::Kind::stall_request;
    const bool is_cut = fault.kind == ProxyFault::Kind::cut_request || fault.kind == ProxyFault::Kind::cut_response;
    Way& way = is_request ? m_up : m_down;
    (is_cut ? way.cut_after : way.stall_after) = fault.after_bytes + way.waiting;
    way.stall = fault.stall;
  }

  /// Says its own answer and takes what the client still has to say. Always false: the connection is over.
  bool answer(const ProxyFault& fault) {
    std::this_thread::sleep_for(2 * std::chrono::microseconds(m_proxy.m_delay_us));
    ::send(m_client.get(), fault.bytes.data(), fault.bytes.size(), MSG_NOSIGNAL);
    ::shutdown(m_client.get(), SHUT_WR);
    const Clock::time_point end = Clock::now() + k_linger;
    while (Clock::now() < end && !m_proxy.m_has_ended) {
      pollfd client{m_client.get(), POLLIN, 0};
      ::poll(&client, 1, k_poll_ms);
      const std::optional<std::string> rest = receive(m_client.get());
      if (!rest || m_is_at_end) break;
    }
    m_up.is_shut = m_down.is_shut = true;
    return false;
  }

  FaultProxy& m_proxy;
  Fd m_client;
  Fd m_server;
  int m_cuts;
  Way m_up;    ///< to the server
  Way m_down;  ///< to the client
  bool m_is_at_end = false;
};

FaultProxy::FaultProxy(int server_port)
    : m_server_port(server_port), m_listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(m_listener.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(m_listener.get(), k_backlog) != 0 ||
      ::getsockname(m_listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail(os_error(errno, "cannot listen for the fault proxy"));
  }
  m_port = ntohs(address.sin_port);
  m_thread = std::thread([this] { accept_all(); });
}

FaultProxy::~FaultProxy() {
  m_has_ended = true;
  m_thread.join();
  for (std::thread& connection : m_connections) connection.join();
}

std::string FaultProxy::url() const { return fmt::format("http://127.0.0.1:{}", m_port); }

void FaultProxy::add(ProxyFault fault) {
  const std::scoped_lock lock(m_mutex);
  m_faults.push_back(std::move(fault));
}

void FaultProxy::clear_faults() {
  const std::scoped_lock lock(m_mutex);
  m_faults.clear();
}

std::vector<std::string> FaultProxy::lines() const {
  const std::scoped_lock lock(m_mutex);
  return m_lines;
}

std::shared_ptr<const ProxyFault> FaultProxy::fault_of(const std::string& line) {
  const std::scoped_lock lock(m_mutex);
  ++m_requests;
  m_lines.push_back(line);
  for (auto fault = m_faults.begin(); fault != m_faults.end(); ++fault) {
    if (line.find(fault->match) == std::string::npos) continue;
    if (fault->skip > 0) {
      --fault->skip;
      continue;
    }
    ++m_faults_met;
    auto met = std::make_shared<const ProxyFault>(*fault);
    if (--fault->times == 0) m_faults.erase(fault);
    return met;
  }
  return nullptr;
}

void FaultProxy::accept_all() {
  while (!m_has_ended) {
    pollfd listener{m_listener.get(), POLLIN, 0};
    if (::poll(&listener, 1, k_poll_ms) <= 0) continue;
    Fd client(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client || m_is_down) continue;
    m_connections.emplace_back(
        [connection = std::make_shared<Connection>(*this, std::move(client))] { connection->run(); });
  }
}

}  // namespace spillway::testing
