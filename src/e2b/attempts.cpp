#include "e2b/attempts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace spillway::e2b {

RequestError after_attempts(RequestError failure, int attempts) {
  if (attempts > 1) failure.error.context.push_back(fmt::format("after {} attempts", attempts));
  return failure;
}

void wait_before_retry(const RetryPolicy& policy, int retry, const RequestError& failure, const CancelToken& cancel) {
  const std::chrono::milliseconds asked = std::min<std::chrono::milliseconds>(failure.retry_after, k_longest_pause);
  wait_or_cancel(std::max(delay_before_retry(policy, retry, random_fraction()), asked), cancel);
  if (cancel.is_cancelled()) fail(ErrorCode::cancelled, "cancelled");
}

}  // namespace spillway::e2b
