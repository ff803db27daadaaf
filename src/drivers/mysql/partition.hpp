#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/mysql/server_connection.hpp"

namespace spillway::drivers::mysql {

/// The statements that together read all rows of `base` once: ranges of the column that the config's `partition`
/// names, whose NULLs are in the first one.
std::vector<std::string> partition_queries(const nlohmann::json& config, const std::string& base,
                                           ServerConnection& connection);

}  // namespace spillway::drivers::mysql
