#include "drivers/reach.hpp"

#include "drivers/mysql/reach.hpp"
#include "drivers/postgres/reach.hpp"
#include "drivers/supabase/channel.hpp"
#include "drivers/supabase/reach.hpp"

namespace spillway::drivers {

Reach reach_of(const std::string& family, const nlohmann::json& fields, const std::filesystem::path& base_dir) {
  Reach reach;
  if (family == "mysql") reach = mysql::reach_of(fields);
  if (family == "postgres") reach.servers = postgres::servers_of(fields);
  // A step decides by which of the two it goes.
  if (family == "supabase") {
    if (supabase::has_dsn(fields)) reach.servers = postgres::servers_of({{"dsn", fields.at("pg_dsn")}});
    if (auto rest = supabase::rest_server(fields)) reach.servers.push_back(*std::move(rest));
  }
  for (const char* name : {"sslrootcert", "sslcert", "sslkey"}) {
    const auto path = fields.find(name);
    // "system": the authorities that the machine trusts.
    if (path == fields.end() || !path->is_string() || *path == "system") continue;
    reach.files.push_back((base_dir / path->get<std::string>()).lexically_normal());
  }
  return reach;
}

}  // namespace spillway::drivers
