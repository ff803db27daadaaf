#pragma once

#include <memory>

#include "drivers/driver.hpp"
#include "drivers/postgres/server_connection.hpp"

namespace spillway::drivers::postgres {

/// Connects for a step: the server sees `spillway <session> <step>` as the application, texts are in UTC and ISO 8601
/// whatever the server's defaults are, and tables without a schema are in the connection's, if it names one.
std::unique_ptr<ServerConnection> connect(const StepContext& context);

}  // namespace spillway::drivers::postgres
