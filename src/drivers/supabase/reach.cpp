#include "drivers/supabase/reach.hpp"

#include <algorithm>
#include <string>

#include "drivers/supabase/channel.hpp"
#include "drivers/supabase/libcurl.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::supabase {
namespace {

constexpr std::uint16_t k_http_port = 80;
constexpr std::uint16_t k_https_port = 443;

}  // namespace

std::optional<ServerAddress> rest_server(const nlohmann::json& fields) {
  const std::string url = rest_url(fields);
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return std::nullopt;
  libcurl();
  std::string authority = url.substr(scheme + 3);
  authority.resize(std::min(authority.size(), authority.find_first_of("/?#")));
  if (const std::size_t at = authority.rfind('@'); at != std::string::npos) authority.erase(0, at + 1);
  std::uint16_t port = url.starts_with("http://") ? k_http_port : k_https_port;
  const std::size_t bracket = authority.find(']');  // of an IPv6 address
  const std::size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon != std::string::npos) {
    port = static_cast<std::uint16_t>(parse_uint(authority.substr(colon + 1)).value_or(port));
    authority.resize(colon);
  }
  if (bracket != std::string::npos) authority = authority.substr(1, bracket - 1);
  return ServerAddress{authority, port, {}};
}

}  // namespace spillway::drivers::supabase
