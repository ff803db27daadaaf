#include "drivers/postgres/writer.hpp"

#include <memory>

#include "drivers/postgres/session.hpp"
#include "drivers/postgres/table_load.hpp"
#include "drivers/sql/table_write.hpp"

namespace spillway::drivers::postgres {
StepResult Writer::run(StepContext& context) const {
  const frame::ResolvedInput& input = required_input(context, "postgres.writer");
  const sql::WriteConfig config = sql::read_write_config(context);
  return sql::write_table(context, config, "postgres", [&] {
    const std::unique_ptr<ServerConnection> connection = connect(context);
    return TableLoad(context, config, input, *connection).run();
  });
}

}  // namespace spillway::drivers::postgres
