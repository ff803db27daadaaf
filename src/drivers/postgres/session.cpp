#include "drivers/postgres/session.hpp"

#include <fmt/format.h>

#include "drivers/sql/table_name.hpp"

namespace spillway::drivers::postgres {

std::unique_ptr<ServerConnection> connect(const StepContext& context) {
  auto connection = std::make_unique<ServerConnection>(
      ConnectOptions{context.connection_fields, context.base_dir,
                     fmt::format("spillway {} {}", context.session_id, context.step_id)},
      context.cancel);
  std::string sql = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'iso_8601'";
  if (const auto schema = context.connection_fields.find("schema"); schema != context.connection_fields.end()) {
    sql += "; SET search_path = " + sql::quoted(schema->get<std::string>(), '"');
  }
  connection->execute(sql);
  return connection;
}

}  // namespace spillway::drivers::postgres
