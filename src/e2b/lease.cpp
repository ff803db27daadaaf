#include "e2b/lease.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace spillway::e2b {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

/// How long deleting may take: whoever waits for a run to end is not to wait for a host that does not answer.
constexpr seconds k_delete_time{20};
constexpr int k_renewals_a_life = 3;
/// A host that was asked for a sandbox may still be making it.
constexpr seconds k_making_time{5};
constexpr std::chrono::milliseconds k_look_interval{200};

/// Of a request whose answer nobody waited for.
void delete_created(const Settings& settings, const NewSandbox& wanted) {
  const CancelToken limit(k_delete_time);
  ControlPlane control(settings, limit);
  const auto latest = steady_clock::now() + k_making_time;
  for (;;) {
    const auto found = control.list({{k_request_key, wanted.metadata.at(k_request_key)}});
    if (!found) return;
    for (const SandboxInfo& one : *found) control.remove(one.id);
    if (!found->empty() || steady_clock::now() >= latest) return;
    std::this_thread::sleep_for(k_look_interval);
  }
}

Sandbox create(const Settings& settings, const NewSandbox& wanted, const CancelToken& cancel) {
  bool may_be_there = true;
  try {
    Answer<Sandbox> made = ControlPlane(settings, cancel).create(wanted);
    if (made) return *std::move(made);
    may_be_there = made.error().may_have_arrived;
    fail(std::move(made.error().error));
  } catch (const Exception&) {
    try {
      if (may_be_there) delete_created(settings, wanted);
    } catch (const Exception&) {  // the time was over: its life ends it
    }
    throw;
  }
}

NewSandbox with_request_id(NewSandbox wanted, seconds longest) {
  wanted.metadata.try_emplace(k_request_key, new_request_id());
  wanted.life = std::min(wanted.life, longest);
  return wanted;
}

}  // namespace

Lease::Lease(const Settings& settings, NewSandbox wanted, seconds longest, const CancelToken& cancel)
    : m_settings(settings),
      m_wanted(with_request_id(std::move(wanted), longest)),
      m_last_end(steady_clock::now() + longest),
      m_sandbox(create(settings, m_wanted, cancel)),
      m_thread([this] { keep_alive(); }) {}

Lease::~Lease() { end(); }

void Lease::keep_alive() {
  ControlPlane control(m_settings, m_stop);
  while (true) {
    {
      std::unique_lock lock(m_mutex);
      m_wake.wait_for(lock, m_wanted.life / k_renewals_a_life, [this] { return m_stop.is_cancelled(); });
    }
    const auto left = std::chrono::duration_cast<seconds>(m_last_end - steady_clock::now());
    // What is left at the end is shorter than a life, and stands since the last renewal.
    if (m_stop.is_cancelled() || left < seconds(1)) return;
    try {
      const Answer<void> renewed = control.set_life(m_sandbox.id, std::min(m_wanted.life, left));
      // What fails otherwise may pass: there are two more renewals before the life is over.
      if (!renewed && renewed.error().fault == Fault::no_such) {
        m_is_gone = true;
        return;
      }
    } catch (const Exception&) {
      return;  // cancelled
    }
  }
}

Answer<void> Lease::end() {
  if (std::exchange(m_has_ended, true)) return {};
  {
    const std::scoped_lock lock(m_mutex);
    m_stop.cancel();
  }
  m_wake.notify_all();
  m_thread.join();
  const CancelToken limit(k_delete_time);
  try {
    const Answer<bool> removed = ControlPlane(m_settings, limit).remove(m_sandbox.id);
    if (!removed) return tl::unexpected(removed.error());
  } catch (const Exception&) {
    return tl::unexpected(RequestError{
        make_error(ErrorCode::timeout, "cannot delete sandbox '" + m_sandbox.id + "': the host does not answer",
                   "it ends by itself; 'spillway sandboxes list' shows whether it has"),
        Fault::interrupted});
  }
  return {};
}

}  // namespace spillway::e2b
