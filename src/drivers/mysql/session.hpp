#pragma once

#include <memory>

#include "drivers/driver.hpp"
#include "drivers/mysql/server_connection.hpp"
#include "drivers/sql/table_name.hpp"

namespace spillway::drivers::mysql {

constexpr char k_name_quote = '`';

/// Connects for a step: the server sees `spillway <session> <step>` as the program, TIMESTAMPs are in UTC whatever
/// the server's zone is, and the server waits for a slow step for a day.
std::unique_ptr<ServerConnection> connect(const StepContext& context);

/// The hint of a missing table, with the name that may be meant.
Error with_table_suggestion(Error error, const sql::TableName& table, ServerConnection& connection);

}  // namespace spillway::drivers::mysql
