#include "drivers/mysql/reach.hpp"

#include <dlfcn.h>

#include <string>

#include "config/connection_fields.hpp"
#include "drivers/mysql/libmariadb.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::mysql {
namespace {

constexpr std::uint16_t k_default_port = 3306;
/// From the folder of the library, as Debian lays it out.
constexpr auto k_plugins = "libmariadb3/plugin";

}  // namespace

Reach reach_of(const nlohmann::json& fields) {
  Reach reach;
  if (const std::string socket = config::field_text(fields, "socket"); !socket.empty()) {
    reach.servers.push_back({{}, 0, socket});
  } else {
    const std::string host = config::field_text(fields, "host");
    const auto port =
        static_cast<std::uint16_t>(parse_uint(config::field_text(fields, "port")).value_or(k_default_port));
    reach.servers.push_back({host.empty() ? "localhost" : host, port, {}});
  }
  Dl_info library{};
  if (::dladdr(reinterpret_cast<const void*>(libmariadb().init), &library) != 0) {
    reach.files.push_back(std::filesystem::path(library.dli_fname).parent_path() / k_plugins);
  }
  return reach;
}

}  // namespace spillway::drivers::mysql
