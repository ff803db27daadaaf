#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "util/error.hpp"
#include "util/http/client.hpp"

/// What the refusals of E2B and of what stands between mean. Pure.
namespace spillway::e2b {

/// For whoever can do something about it.
enum class Fault {
  refused,      ///< for good
  no_such,      ///< there is no such sandbox, template, process or file
  gone,         ///< the sandbox of a data plane is dead, or never was
  busy,         ///< too much at the moment, and nothing was done: later it may pass
  disk_full,    ///< of the sandbox
  interrupted,  ///< the network, a proxy or the service broke down: later it may pass
};

/// A request that failed.
struct RequestError {
  Error error;  ///< retryable: the same request may succeed later
  Fault fault = Fault::refused;
  bool may_have_arrived = false;        ///< it may have been carried out all the same
  std::chrono::seconds retry_after{0};  ///< as the server asked for
  int status = 0;                       ///< of HTTP; 0: no answer came
};
template <typename T>
using Answer = tl::expected<T, RequestError>;

enum class Plane { control, data };

/// Of an answer that is no success; `what` is what failed: "cannot create a sandbox".
RequestError error_of(std::string_view what, Plane plane, const http::Response& response);
/// Of no answer.
RequestError error_of(std::string_view what, const http::TransportError& failure);
/// Of an error of the Connect protocol, as the end of a stream tells it: {"code", "message"}.
RequestError connect_error(std::string_view what, std::string_view code, std::string_view message);
/// Of an answer that is a success but not what it should be.
RequestError bad_answer(std::string_view what, std::string_view why);

}  // namespace spillway::e2b
