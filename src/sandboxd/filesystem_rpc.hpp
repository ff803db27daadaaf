#pragma once

#include <string_view>

#include "sandboxd/connect_codec.hpp"
#include "sandboxd/sandbox.hpp"

namespace spillway::sandboxd {

/// A method of filesystem.Filesystem that answers at once. Throws RpcError.
ordered_json call_filesystem(Sandbox& sandbox, std::string_view method, const Json& message);

}  // namespace spillway::sandboxd
