#include "drivers/reach.hpp"

#include "drivers/mysql/reach.hpp"
#include "drivers/postgres/reach.hpp"

namespace spillway::drivers {

Reach reach_of(const std::string& family, const nlohmann::json& fields, const std::filesystem::path& base_dir) {
  Reach reach;
  if (family == "mysql") reach = mysql::reach_of(fields);
  if (family == "postgres") reach.servers = postgres::servers_of(fields);
  for (const char* name : {"sslrootcert", "sslcert", "sslkey"}) {
    const auto path = fields.find(name);
    // "system": the authorities that the machine trusts.
    if (path == fields.end() || !path->is_string() || *path == "system") continue;
    reach.files.push_back((base_dir / path->get<std::string>()).lexically_normal());
  }
  return reach;
}

}  // namespace spillway::drivers
