#pragma once

#include <nlohmann/json.hpp>

#include "drivers/reach.hpp"

namespace spillway::drivers::mysql {

/// The server that ServerConnection connects to with these fields, and the client's plugins, which log in to users of
/// some kinds.
Reach reach_of(const nlohmann::json& fields);

}  // namespace spillway::drivers::mysql
