#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/postgres/server_connection.hpp"

namespace spillway::drivers::postgres {

/// Connects for a step: the server sees `spillway <session> <step>` as the application.
std::unique_ptr<ServerConnection> connect(const StepContext& context);

/// Begins a transaction ("BEGIN READ ONLY") with settings of its own ("statement_timeout = 0"). In it, texts are in
/// UTC and ISO 8601 whatever the server's defaults are, and tables without a schema are in the connection's, if it
/// names one. All of it ends with the transaction: behind a pooler, the next one may be of another server process.
void begin(ServerConnection& connection, const StepContext& context, const std::string& begin_sql,
           const std::vector<std::string>& settings);

}  // namespace spillway::drivers::postgres
