#include "drivers/mysql/session.hpp"

#include <fmt/format.h>

#include "drivers/mysql/errno.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::mysql {

std::unique_ptr<ServerConnection> connect(const StepContext& context) {
  auto connection = std::make_unique<ServerConnection>(
      ConnectOptions{context.connection_fields, context.base_dir,
                     fmt::format("spillway {} {}", context.session_id, context.step_id)},
      context.cancel);
  connection->execute("SET SESSION time_zone = '+00:00', net_write_timeout = 86400, net_read_timeout = 86400");
  return connection;
}

Error with_table_suggestion(Error error, const sql::TableName& table, ServerConnection& connection) {
  if (connection.last_error() != k_no_such_table) return error;
  try {
    const std::string schema = table.schema.empty() ? "DATABASE()" : text_literal(table.schema);
    std::vector<std::string> names;
    for (const TextRow& row :
         connection.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = " + schema)) {
      names.push_back(row[0].value_or(""));
    }
    if (const auto nearest = closest_match(table.name, names))
      error.hint = fmt::format("did you mean '{}'?", *nearest);
  } catch (const Exception&) {  // the error itself counts
  }
  return error;
}

}  // namespace spillway::drivers::mysql
