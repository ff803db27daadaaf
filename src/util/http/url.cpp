#include "util/http/url.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::http {
namespace {

constexpr std::uint16_t k_http_port = 80;
constexpr std::uint16_t k_https_port = 443;
constexpr std::string_view k_unreserved = "-._~";

}  // namespace

std::string url_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || k_unreserved.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::optional<HostPort> server_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  std::string authority(url.substr(scheme + 3));
  authority.resize(std::min(authority.size(), authority.find_first_of("/?#")));
  if (const std::size_t at = authority.rfind('@'); at != std::string::npos) authority.erase(0, at + 1);
  HostPort server{{}, url.starts_with("http://") ? k_http_port : k_https_port};
  const std::size_t bracket = authority.find(']');  // of an IPv6 address
  const std::size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon != std::string::npos) {
    server.port = static_cast<std::uint16_t>(parse_uint(authority.substr(colon + 1)).value_or(server.port));
    authority.resize(colon);
  }
  server.host = bracket == std::string::npos ? authority : authority.substr(1, bracket - 1);
  return server;
}

}  // namespace spillway::http
