#pragma once

#include <chrono>
#include <optional>

#include "util/cancel.hpp"

namespace spillway::drivers::mysql {

/// While it lives, this thread's calls of libmariadb give up waiting for the server when one of the tokens is
/// cancelled or the deadline has passed.
class Waiting {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;
  Waiting(const CancelToken& cancel, const CancelToken& stop, Deadline deadline = std::nullopt);
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting();

  /// Tells whether this thread sends a file right now. libmariadb, when TLS cannot send, says that it waits for
  /// something to read.
  static void set_sending(bool is_sending);

  /// What libmariadb calls where it would block: 1 when it may try again, 0 when the time is up, -1 when cancelled.
  static int wait(int socket, char is_read, int timeout);

 private:
  const CancelToken& m_cancel;
  const CancelToken& m_stop;
  Deadline m_deadline;
  Waiting* m_outer;
  bool m_is_sending = false;
};

}  // namespace spillway::drivers::mysql
