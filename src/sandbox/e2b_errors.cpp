#include "sandbox/e2b_errors.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "e2b/bundle.hpp"
#include "util/strings.hpp"

namespace spillway::sandbox {
namespace {

constexpr auto k_retry_hint = "--e2b-retries runs a pipeline again that lost its sandbox before anything was written";

std::string with_last_words(std::string text, const std::vector<std::string>& last_words) {
  if (!last_words.empty()) text += "; its last words:";
  for (const std::string& line : last_words) text += "\n    " + line;
  return text;
}

Error retryable(std::string text, std::string hint = k_retry_hint) {
  Error error = make_error(ErrorCode::sandbox, std::move(text), std::move(hint));
  error.retryable = true;
  return error;
}

/// ", which has 512 MB of memory", as far as the sandbox tells.
std::string memory_of(e2b::DataPlane& plane) {
  const auto usage = plane.usage();
  if (!usage || usage->memory_bytes == 0) return {};
  return fmt::format(", which has {} of memory and uses {} without it", human_bytes(usage->memory_bytes),
                     human_bytes(usage->memory_used_bytes));
}

}  // namespace

Error e2b_worker_ended(const e2b::ProcessEnded& end, const std::vector<std::string>& last_words,
                       e2b::DataPlane& plane) {
  if (end.was_killed()) {
    return make_error(
        ErrorCode::sandbox,
        with_last_words(fmt::format("the worker was killed, as it is when there is no memory left in the "
                                    "sandbox{}",
                                    memory_of(plane)),
                        last_words),
        "lower SPILLWAY_MEMORY_LIMIT (--memory-limit) so that more is spilled, or use a template with "
        "more memory (--e2b-template)");
  }
  if (end.exit_code == e2b::k_bundle_exit_code) {
    return make_error(ErrorCode::sandbox, with_last_words("cannot unpack the worker in the sandbox", last_words),
                      "the template needs tar and gzip, and some 100 MB of free disk");
  }
  const std::string how = end.status.empty() ? fmt::format("exit status {}", end.exit_code) : end.status;
  return make_error(ErrorCode::sandbox, with_last_words("the worker ended: " + to_valid_utf8(how), last_words));
}

Error e2b_worker_vanished() {
  return retryable("the worker ended while its stream was cut: what the run came to is unknown");
}

Error e2b_worker_is_silent(std::chrono::milliseconds time) {
  return retryable(fmt::format("the worker does not respond: it did not answer a ping within {} ms", time.count()));
}

Error e2b_sandbox_is_gone(const Error& cause) { return retryable("the sandbox is gone: " + cause.full_message()); }

Error e2b_sandbox_is_out_of_reach(const Error& cause) {
  return retryable("the sandbox is out of reach, and what the run came to is unknown: " + cause.full_message(),
                   cause.hint.empty() ? k_retry_hint : cause.hint);
}

Error e2b_start_took_too_long(std::chrono::milliseconds time, const std::string& activity) {
  return retryable(fmt::format("the sandbox had no worker within {} s: it was at '{}'",
                               std::chrono::duration_cast<std::chrono::seconds>(time).count(), activity),
                   "raise --sandbox-start-timeout, or try another template: some hang");
}

Error e2b_run_took_too_long(std::chrono::seconds time) {
  return make_error(ErrorCode::timeout, fmt::format("the run took longer than {} s", time.count()),
                    "raise --e2b-timeout, as far as the service's plan allows");
}

}  // namespace spillway::sandbox
