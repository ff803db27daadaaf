#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spillway {

/// Standard base64 with padding, without line breaks.
std::string to_base64(std::string_view bytes);
/// The bytes of such a text; nothing when it is none.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace spillway
