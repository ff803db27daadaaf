#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "e2b/control_plane.hpp"

namespace spillway::e2b {

/// A sandbox for as long as this object lives. Its life is a short one, which a thread extends every third of it:
/// when this process is killed, the host deletes the sandbox soon. Else it is deleted at the end, in every case.
class Lease {
 public:
  /// Makes the sandbox; wanted.life is how long it outlives this process. It never lives longer than `longest` in
  /// all. Throws; what was made by then is deleted.
  Lease(const Settings& settings, NewSandbox wanted, std::chrono::seconds longest, const CancelToken& cancel);
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  /// Deletes the sandbox, if end() has not.
  ~Lease();

  const Sandbox& sandbox() const { return m_sandbox; }
  /// Whether the host says that there is no such sandbox any more. Thread-safe.
  bool is_gone() const { return m_is_gone; }
  /// Deletes the sandbox; tells when that could not be done: its life then ends it. A second call does nothing.
  Answer<void> end();

 private:
  void keep_alive();

  Settings m_settings;
  NewSandbox m_wanted;
  std::chrono::steady_clock::time_point m_last_end;
  Sandbox m_sandbox;
  CancelToken m_stop;
  std::mutex m_mutex;
  std::condition_variable m_wake;
  std::atomic<bool> m_is_gone{false};
  bool m_has_ended = false;
  std::thread m_thread;
};

}  // namespace spillway::e2b
