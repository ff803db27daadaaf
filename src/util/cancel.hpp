#pragma once

#include <atomic>
#include <chrono>

namespace spillway {

/// Set once by whoever wants work to stop, polled by whoever does it. Thread-safe.
class CancelToken {
 public:
  CancelToken() = default;
  /// Sets itself when the time has come.
  explicit CancelToken(std::chrono::steady_clock::duration time) : m_end(std::chrono::steady_clock::now() + time) {}

  void cancel() { m_cancelled.store(true, std::memory_order_release); }
  bool is_cancelled() const {
    if (m_cancelled.load(std::memory_order_acquire)) return true;
    return m_end != k_never && std::chrono::steady_clock::now() >= m_end;
  }

 private:
  static constexpr auto k_never = std::chrono::steady_clock::time_point::max();

  std::atomic<bool> m_cancelled{false};
  std::chrono::steady_clock::time_point m_end = k_never;
};

}  // namespace spillway
