#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/reach.hpp"

namespace spillway::drivers::postgres {

/// The servers that ServerConnection may connect to with these fields: a DSN can name several.
std::vector<ServerAddress> servers_of(const nlohmann::json& fields);

}  // namespace spillway::drivers::postgres
