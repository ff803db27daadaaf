#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spillway {

/// Base64 with the standard alphabet and padding.
std::string to_base64(std::string_view bytes);
/// What to_base64 wrote; nothing when it is no such text.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace spillway
