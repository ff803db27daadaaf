#include "run/stop_signals.hpp"

#include <atomic>

namespace spillway::run {
namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a handler has no other way to say what it saw
std::atomic<int> g_received{0};
static_assert(std::atomic<int>::is_always_lock_free);

void note(int signal) {
  int none = 0;
  g_received.compare_exchange_strong(none, signal);
}

void install(int signal, struct sigaction& old) {
  struct sigaction action {};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  // RESETHAND: the second signal takes its default action.
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigaction(signal, &action, &old);
}

}  // namespace

StopSignals::StopSignals() {
  g_received = 0;
  install(SIGINT, m_old_int);
  install(SIGTERM, m_old_term);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &m_old_int, nullptr);
  sigaction(SIGTERM, &m_old_term, nullptr);
}

int StopSignals::received() { return g_received; }

std::string_view signal_name(int signal) {
  switch (signal) {
    case SIGINT:
      return "SIGINT (Ctrl-C)";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "a signal";
  }
}

}  // namespace spillway::run
