#pragma once

#include <atomic>

namespace spillway {

/// Set once by whoever wants work to stop, polled by whoever does it. Thread-safe.
class CancelToken {
 public:
  void cancel() { m_cancelled.store(true, std::memory_order_release); }
  bool is_cancelled() const { return m_cancelled.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> m_cancelled{false};
};

}  // namespace spillway
