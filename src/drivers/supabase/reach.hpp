#pragma once

#include <optional>

#include <nlohmann/json.hpp>

#include "drivers/reach.hpp"

namespace spillway::drivers::supabase {

/// The server of the connection's PostgREST, if it names one.
std::optional<ServerAddress> rest_server(const nlohmann::json& fields);

}  // namespace spillway::drivers::supabase
