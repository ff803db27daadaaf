#pragma once

#include <chrono>
#include <utility>

#include "e2b/e2b_error.hpp"
#include "util/cancel.hpp"
#include "util/retry.hpp"

namespace spillway::e2b {

/// A host that asks for a longer pause is asked again after this one.
inline constexpr std::chrono::seconds k_longest_pause{60};

/// Waits before retry number `retry` (from 1) of what failed so, as long as the server asks for. Throws
/// ErrorCode::cancelled.
void wait_before_retry(const RetryPolicy& policy, int retry, const RequestError& failure, const CancelToken& cancel);

/// Adds how many attempts there were, when that is of interest.
RequestError after_attempts(RequestError failure, int attempts);

/// Calls `attempt` until it succeeds, fails for good, or the attempts are used up. For what may be done twice.
template <typename Attempt>
auto with_attempts(const RetryPolicy& policy, const CancelToken& cancel, Attempt&& attempt) -> decltype(attempt()) {
  for (int number = 1;; ++number) {
    auto answer = attempt();
    if (answer) return answer;
    if (!answer.error().error.retryable || number >= policy.attempts) {
      return tl::unexpected(after_attempts(std::move(answer.error()), number));
    }
    wait_before_retry(policy, number, answer.error(), cancel);
  }
}

}  // namespace spillway::e2b
