#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace spillway::drivers {

/// A server by name and port, or by the path of its socket.
struct ServerAddress {
  std::string host;
  std::uint16_t port = 0;
  std::filesystem::path socket;  ///< when set, the rest is not
  bool operator==(const ServerAddress&) const = default;
};

/// What the driver of a connection needs of the machine that it runs on.
struct Reach {
  std::vector<ServerAddress> servers;
  std::vector<std::filesystem::path> files;  ///< absolute, or folders: certificates, keys, the client's plugins
};

/// Of a connection of a family, by its resolved fields (config/connection_fields.hpp). Relative paths start at
/// `base_dir`. Also loads the family's client library into this process, so that its files are known. Nothing for a
/// family that no driver is for.
Reach reach_of(const std::string& family, const nlohmann::json& fields, const std::filesystem::path& base_dir);

}  // namespace spillway::drivers
