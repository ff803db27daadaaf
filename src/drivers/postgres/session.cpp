#include "drivers/postgres/session.hpp"

#include <fmt/format.h>

#include "drivers/sql/table_name.hpp"

namespace spillway::drivers::postgres {

std::unique_ptr<ServerConnection> connect(const StepContext& context) {
  return std::make_unique<ServerConnection>(
      ConnectOptions{context.connection_fields, context.base_dir,
                     fmt::format("spillway {} {}", context.session_id, context.step_id)},
      context.cancel);
}

void begin(ServerConnection& connection, const StepContext& context, const std::string& begin_sql,
           const std::vector<std::string>& settings) {
  std::string sql = begin_sql;
  for (const char* setting : {"TimeZone = 'UTC'", "DateStyle = 'ISO'", "IntervalStyle = 'iso_8601'"}) {
    sql += fmt::format("; SET LOCAL {}", setting);
  }
  for (const std::string& setting : settings) sql += "; SET LOCAL " + setting;
  if (const auto schema = context.connection_fields.find("schema"); schema != context.connection_fields.end()) {
    sql += "; SET LOCAL search_path = " + sql::quoted(schema->get<std::string>(), '"');
  }
  connection.execute(sql);
}

}  // namespace spillway::drivers::postgres
