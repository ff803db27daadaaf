#include "drivers/supabase/reach.hpp"

#include "drivers/supabase/channel.hpp"
#include "util/http/client.hpp"
#include "util/http/url.hpp"

namespace spillway::drivers::supabase {

std::optional<ServerAddress> rest_server(const nlohmann::json& fields) {
  const std::optional<http::HostPort> server = http::server_of(rest_url(fields));
  if (!server) return std::nullopt;
  http::load_library();
  return ServerAddress{server->host, server->port, {}};
}

}  // namespace spillway::drivers::supabase
