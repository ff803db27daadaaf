#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "util/fd.hpp"

namespace spillway::testing {

/// What a FaultProxy does to a request.
struct ProxyFault {
  enum class Kind {
    answer,          ///< `bytes` in place of the server's answer; the server sees nothing of the request
    cut_request,     ///< the connection ends after so many bytes of it, counted from its first line
    cut_response,    ///< or so many of what the server says from then on
    stall_request,   ///< nothing of it goes on after so many bytes, for `stall`
    stall_response,  ///< or of what the server says
  };
  std::string match;  ///< a part of its first line, "POST /sandboxes"; empty: any
  Kind kind = Kind::answer;
  std::uint64_t after_bytes = 0;
  std::string bytes = {};
  int skip = 0;   ///< so many matching requests pass before
  int times = 1;  ///< and so many meet it
  std::chrono::milliseconds stall{3'600'000};
};

/// An answer of HTTP/1.1: "429 Too Many Requests", headers with "\r\n" after each, a body.
std::string http_answer(const std::string& status, const std::string& body, const std::string& headers = {},
                        const std::string& type = "application/json");

/// Stands between a client and a server of plain HTTP/1.1, on a free port of the loopback, and does to the bytes what
/// networks and proxies do. Without a fault or a delay it only passes them on. Thread-safe.
class FaultProxy {
 public:
  explicit FaultProxy(int server_port);
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;
  ~FaultProxy();

  int port() const { return m_port; }
  std::string url() const;

  /// Bytes come so much later, on each way.
  void set_delay(std::chrono::milliseconds each_way) { m_delay_us = std::chrono::microseconds(each_way).count(); }
  /// The next request that matches meets it; of several faults the first that matches.
  void add(ProxyFault fault);
  void clear_faults();
  /// Ends every connection that there is.
  void cut_now() { ++m_cuts; }
  /// New connections are ended at once for as long as it is down.
  void set_down(bool is_down) { m_is_down = is_down; }

  /// How many requests passed or met a fault, and how many faults were met.
  int requests() const { return m_requests; }
  int faults_met() const { return m_faults_met; }
  /// The first line of each request so far.
  std::vector<std::string> lines() const;

 private:
  class Connection;
  void accept_all();
  /// The fault that a request with this first line meets.
  std::shared_ptr<const ProxyFault> fault_of(const std::string& line);

  int m_server_port;
  int m_port = 0;
  Fd m_listener;
  std::atomic<std::int64_t> m_delay_us{0};
  std::atomic<int> m_cuts{0};
  std::atomic<bool> m_is_down{false};
  std::atomic<bool> m_has_ended{false};
  std::atomic<int> m_requests{0};
  std::atomic<int> m_faults_met{0};
  mutable std::mutex m_mutex;  ///< of the two below
  std::list<ProxyFault> m_faults;
  std::vector<std::string> m_lines;
  std::list<std::thread> m_connections;
  std::thread m_thread;
};

}  // namespace spillway::testing
