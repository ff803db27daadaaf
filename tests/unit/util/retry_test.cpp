#include "util/retry.hpp"

#include <chrono>
#include <optional>

#include <gtest/gtest.h>

namespace spillway {
namespace {

using namespace std::chrono_literals;

TEST(Retry, DelaysDoubleUpToALimitWithJitter) {
  const RetryPolicy policy{.attempts = 5, .first_delay = 100ms, .longest_delay = 350ms};
  EXPECT_EQ(delay_before_retry(policy, 1, 0), 50ms);
  EXPECT_EQ(delay_before_retry(policy, 1, 1), 100ms);
  EXPECT_EQ(delay_before_retry(policy, 2, 1), 200ms);
  EXPECT_EQ(delay_before_retry(policy, 3, 1), 350ms);
  EXPECT_EQ(delay_before_retry(policy, 3, 0.5), 262ms);
  EXPECT_EQ(delay_before_retry(policy, 60, 1), 350ms);
}

class RetryTest : public ::testing::Test {
 protected:
  /// Fails that often, then succeeds; the error, if one came through.
  std::optional<Error> run(int failures, bool is_retryable) {
    try {
      with_retries(
          {.attempts = 3}, cancel,
          [&] {
            if (++attempts > failures) return;
            Error error = make_error(ErrorCode::connection, "gone");
            error.retryable = is_retryable;
            fail(std::move(error));
          },
          [&](std::chrono::milliseconds, const CancelToken&) { ++waits; });
    } catch (const Exception& exception) {
      return exception.error();
    }
    return std::nullopt;
  }
  CancelToken cancel;
  int attempts = 0;
  int waits = 0;
};

TEST_F(RetryTest, WhatIsTransientIsTriedAgain) {
  EXPECT_FALSE(run(2, true));
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(waits, 2);
}

TEST_F(RetryTest, TheLastErrorSaysHowOftenItWasTried) {
  EXPECT_EQ(run(9, true)->full_message(), "gone, after 3 attempts");
  EXPECT_EQ(attempts, 3);
}

TEST_F(RetryTest, OtherErrorsAreFinal) {
  EXPECT_EQ(run(9, false)->full_message(), "gone");
  EXPECT_EQ(attempts, 1);
}

TEST_F(RetryTest, NothingIsTriedAgainOnceCancelled) {
  cancel.cancel();
  EXPECT_TRUE(run(9, true));
  EXPECT_EQ(attempts, 1);
}

TEST_F(RetryTest, AWaitEndsWhenCancelled) {
  cancel.cancel();
  const auto start = std::chrono::steady_clock::now();
  wait_or_cancel(1h, cancel);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1min);
}

}  // namespace
}  // namespace spillway
