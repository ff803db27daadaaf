#include "drivers/mysql/writer.hpp"

#include <memory>
#include <string>

#include "drivers/mysql/session.hpp"
#include "drivers/mysql/table_load.hpp"
#include "drivers/sql/table_write.hpp"

namespace spillway::drivers::mysql {
namespace {

/// As far as it can be done: the next run of the step does it otherwise.
void drop_left_behind(const StepContext& context, const std::string& table) {
  if (table.empty()) return;
  try {
    const CancelToken never;  // the step itself may have been cancelled
    ServerConnection connection({context.connection_fields, context.base_dir, "spillway"}, never);
    connection.execute("SET SESSION lock_wait_timeout = 5");
    connection.execute("DROP TABLE IF EXISTS " + table);
  } catch (const Exception&) {
  }
}

}  // namespace

StepResult Writer::run(StepContext& context) const {
  const frame::ResolvedInput& input = required_input(context, "mysql.writer");
  const sql::WriteConfig config = sql::read_write_config(context);
  return sql::write_table(context, config, "mysql", [&] {
    std::unique_ptr<ServerConnection> connection = connect(context);
    TableLoad load(context, config, input, *connection);
    try {
      return load.run();
    } catch (const Exception&) {
      connection->close();
      drop_left_behind(context, load.left_behind());
      throw;
    }
  });
}

}  // namespace spillway::drivers::mysql
