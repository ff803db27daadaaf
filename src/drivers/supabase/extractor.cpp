#include "drivers/supabase/extractor.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "drivers/sql/row_source.hpp"
#include "drivers/sql/select_query.hpp"
#include "drivers/sql/table_read.hpp"
#include "drivers/supabase/channel.hpp"
#include "drivers/supabase/rest_pages.hpp"

namespace spillway::drivers::supabase {
namespace {

StepResult read_over_rest(const StepContext& context) {
  const std::string what = sql::what_is_read(context.config);
  return sql::read_table(context, [&] {
    auto client = std::make_shared<RestClient>(context.connection_fields, context.base_dir, context.cancel);
    RestQuery query = rest_query(*client, context.config);
    std::vector<RestPages> parts;
    parts.emplace_back(std::move(client), std::move(query.plan));
    return std::make_shared<sql::RowSource<RestPages, TextColumn>>(std::move(parts), std::move(query.columns), what);
  });
}

}  // namespace

StepResult Extractor::run(StepContext& context) const {
  if (choose_channel(context.config, context.connection_fields) == Channel::rest) return read_over_rest(context);
  become_postgres(context);
  return m_postgres->run(context);
}

}  // namespace spillway::drivers::supabase
