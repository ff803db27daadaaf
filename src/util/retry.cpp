#include "util/retry.hpp"

#include <algorithm>
#include <random>
#include <thread>

#include <fmt/format.h>

namespace spillway {
namespace {

constexpr std::chrono::milliseconds k_wait_slice{20};

}  // namespace

double random_fraction() {
  thread_local std::mt19937 generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

std::chrono::milliseconds delay_before_retry(const RetryPolicy& policy, int retry, double random) {
  std::chrono::milliseconds delay = policy.first_delay;
  for (int i = 1; i < retry && delay < policy.longest_delay; ++i) delay *= 2;
  delay = std::min(delay, policy.longest_delay);
  const auto half = static_cast<double>(delay.count()) / 2;
  return std::chrono::milliseconds(static_cast<std::int64_t>(half + half * random));
}

void wait_or_cancel(std::chrono::milliseconds delay, const CancelToken& cancel) {
  const auto end = std::chrono::steady_clock::now() + delay;
  while (!cancel.is_cancelled() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(k_wait_slice);
}

void with_retries(const RetryPolicy& policy, const CancelToken& cancel, const std::function<void()>& attempt,
                  const std::function<void(std::chrono::milliseconds, const CancelToken&)>& wait) {
  for (int number = 1;; ++number) {
    try {
      attempt();
      return;
    } catch (const Exception& exception) {
      if (!exception.error().retryable || cancel.is_cancelled()) throw;
      if (number >= policy.attempts) {
        fail(Error(exception.error()).with_context(fmt::format("after {} attempts", number)));
      }
    }
    wait(delay_before_retry(policy, number, random_fraction()), cancel);
    if (cancel.is_cancelled()) fail(ErrorCode::cancelled, "cancelled");
  }
}

}  // namespace spillway
