#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sandboxd/connect_codec.hpp"
#include "sandboxd/http.hpp"
#include "sandboxd/sandbox.hpp"

namespace spillway::sandboxd {

/// A method of process.Process that answers at once. Throws RpcError.
ordered_json call_process(Sandbox& sandbox, std::string_view method, const Json& message);

/// How a stream of events is to be sent.
struct StreamTerms {
  std::chrono::seconds keepalive{90};                ///< so often when nothing happens
  std::optional<std::chrono::milliseconds> timeout;  ///< of the call
};

constexpr std::string_view k_start_path = "/process.Process/Start";
constexpr std::string_view k_connect_path = "/process.Process/Connect";

/// Start and Connect: their events as they happen. Throws RpcError, also for any other path.
std::unique_ptr<BodyStream> stream_process(const std::shared_ptr<Sandbox>& sandbox, std::string_view path,
                                           const Json& message, const StreamTerms& terms);

}  // namespace spillway::sandboxd
