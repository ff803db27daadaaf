#include "drivers/supabase/writer.hpp"

#include "drivers/sql/table_write.hpp"
#include "drivers/supabase/channel.hpp"
#include "drivers/supabase/rest_load.hpp"

namespace spillway::drivers::supabase {

StepResult Writer::run(StepContext& context) const {
  const frame::ResolvedInput& input = required_input(context, "supabase.writer");
  if (choose_channel(context.config, context.connection_fields) == Channel::postgres) {
    become_postgres(context);
    return m_postgres->run(context);
  }
  const sql::WriteConfig config = sql::read_write_config(context);
  return sql::write_table(context, config, "rest", [&] {
    RestClient client(context.connection_fields, context.base_dir, context.cancel);
    return RestLoad(context, config, input, client).run();
  });
}

}  // namespace spillway::drivers::supabase
