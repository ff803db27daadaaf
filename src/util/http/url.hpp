#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spillway::http {

/// `text` with %XX for whatever means something in a URL.
std::string url_encoded(std::string_view text);

struct HostPort {
  std::string host;  ///< an IPv6 address without its brackets
  std::uint16_t port = 0;
};
/// The server of a URL; its scheme's port when it names none. Nothing for what has no scheme.
std::optional<HostPort> server_of(std::string_view url);

}  // namespace spillway::http
