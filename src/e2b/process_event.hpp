#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "e2b/e2b_error.hpp"

namespace spillway::e2b {

struct ProcessStarted {
  std::uint32_t pid = 0;
};

struct ProcessOutput {
  enum class Stream { out, err };
  Stream stream = Stream::out;
  std::string bytes;
};

struct ProcessEnded {
  int exit_code = 0;
  std::string status;  ///< "exit status 3", "signal: killed"
  std::string error;   ///< the same again, or why it could not be run

  /// Whether it was killed as the kernel does when there is no memory left; the daemon tells no more of it.
  bool was_killed() const { return status == "signal: killed"; }
};

/// That the stream goes on although there is nothing to tell.
struct ProcessKeepAlive {};

using ProcessEvent = std::variant<ProcessStarted, ProcessOutput, ProcessEnded, ProcessKeepAlive>;

/// Of the payload of an envelope. An event that nobody knows counts as a keep-alive. Throws ErrorCode::protocol.
ProcessEvent decode_process_event(std::string_view payload);

/// The error that the payload of a last envelope tells, if it does.
std::optional<RequestError> decode_stream_end(std::string_view what, std::string_view payload);

}  // namespace spillway::e2b
