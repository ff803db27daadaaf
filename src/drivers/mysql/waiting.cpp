#include "drivers/mysql/waiting.hpp"

#include <poll.h>

#include <utility>

namespace spillway::drivers::mysql {
namespace {

constexpr int k_wait_slice_milliseconds = 50;

/// The library's callback knows no other way to its caller.
Waiting*& current() {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): each thread has its own
  thread_local Waiting* t_current = nullptr;
  return t_current;
}

}  // namespace

Waiting::Waiting(const CancelToken& cancel, const CancelToken& stop, Deadline deadline)
    : m_cancel(cancel), m_stop(stop), m_deadline(deadline), m_outer(std::exchange(current(), this)) {}

Waiting::~Waiting() { current() = m_outer; }

void Waiting::set_sending(bool is_sending) {
  if (Waiting* waiting = current()) waiting->m_is_sending = is_sending;
}

int Waiting::wait(int socket, char is_read, int /*timeout*/) {
  const Waiting* waiting = current();
  const bool is_sending = waiting != nullptr && waiting->m_is_sending;
  const int events = is_sending ? POLLIN | POLLOUT : is_read != 0 ? POLLIN : POLLOUT;
  pollfd polled{socket, static_cast<short>(events), 0};
  for (;;) {
    if (::poll(&polled, 1, k_wait_slice_milliseconds) > 0) return 1;
    if (waiting == nullptr) continue;
    if (waiting->m_cancel.is_cancelled() || waiting->m_stop.is_cancelled()) return -1;
    if (waiting->m_deadline && std::chrono::steady_clock::now() > *waiting->m_deadline) return 0;
    // What it waits for may be something else than it says: it tries again, and asks again.
    if (is_read != 0) return 1;
  }
}

}  // namespace spillway::drivers::mysql
