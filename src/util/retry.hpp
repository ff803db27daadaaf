#pragma once

#include <chrono>
#include <functional>

#include "util/cancel.hpp"
#include "util/error.hpp"

namespace spillway {

/// How often and how soon something is tried again that failed in a transient way.
struct RetryPolicy {
  int attempts = 4;                            ///< in all, the first included
  std::chrono::milliseconds first_delay{200};  ///< doubled with each retry
  std::chrono::milliseconds longest_delay{5000};
};

/// How long to wait before retry number `retry` (from 1): between half of the doubled delay and all of it, as
/// `random` from 0 to 1 says, so that those who failed together do not come back together.
std::chrono::milliseconds delay_before_retry(const RetryPolicy& policy, int retry, double random);

/// A random number from 0 to 1, for delay_before_retry.
double random_fraction();

/// Waits; returns early when cancelled.
void wait_or_cancel(std::chrono::milliseconds delay, const CancelToken& cancel);

/// Calls `attempt` until it returns. What it throws is thrown on when it is not retryable, when the attempts are used
/// up (a context frame then says how many there were) or when the step was cancelled. Only for what may be done
/// twice: the caller decides that, by Error::retryable.
void with_retries(const RetryPolicy& policy, const CancelToken& cancel, const std::function<void()>& attempt,
                  const std::function<void(std::chrono::milliseconds, const CancelToken&)>& wait = wait_or_cancel);

}  // namespace spillway
