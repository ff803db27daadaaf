#pragma once

#include <csignal>
#include <string_view>

namespace spillway::run {

/// SIGINT and SIGTERM as something to poll: the first of each is noted, a second one ends the process at once, as if
/// nobody had asked. One at a time; made and destroyed on the main thread.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  /// The first signal that came, 0 when none did.
  static int received();

 private:
  struct sigaction m_old_int {};
  struct sigaction m_old_term {};
};

/// "SIGINT (Ctrl-C)", "SIGTERM".
std::string_view signal_name(int signal);

}  // namespace spillway::run
