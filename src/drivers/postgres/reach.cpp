#include "drivers/postgres/reach.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "config/connection_fields.hpp"
#include "drivers/postgres/libpq.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

constexpr std::uint16_t k_default_port = 5432;

/// What a DSN says. One that cannot be read says nothing: connecting with it tells why.
std::map<std::string, std::string> options_of(const std::string& dsn) {
  std::map<std::string, std::string> values;
  char* reason = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(libpq().conninfo_free)> options(
      libpq().conninfo_parse(dsn.c_str(), &reason), libpq().conninfo_free);
  libpq().freemem(reason);
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  return values;
}

}  // namespace

std::vector<ServerAddress> servers_of(const nlohmann::json& fields) {
  std::map<std::string, std::string> options = options_of(config::field_text(fields, "dsn"));
  for (const char* name : {"host", "port"}) {
    if (std::string text = config::field_text(fields, name); !text.empty()) options[name] = std::move(text);
  }
  if (std::string socket = config::field_text(fields, "socket"); !socket.empty()) options["host"] = std::move(socket);
  // As libpq does, an address goes before a name, and a name or a port that is left empty is the default one.
  const std::string& named = options["hostaddr"].empty() ? options["host"] : options["hostaddr"];
  const std::vector<std::string> ports = split(options["port"], ',');
  std::vector<ServerAddress> servers;
  for (const std::string& host : split(named, ',')) {
    const std::string& port_text = ports[std::min(servers.size(), ports.size() - 1)];
    const auto port = static_cast<std::uint16_t>(parse_uint(port_text).value_or(k_default_port));
    if (host.starts_with('/')) {
      servers.push_back({{}, 0, fmt::format("{}/.s.PGSQL.{}", host, port)});
    } else {
      servers.push_back({host.empty() ? "localhost" : host, port, {}});
    }
  }
  return servers;
}

}  // namespace spillway::drivers::postgres
