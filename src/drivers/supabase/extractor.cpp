#include "drivers/supabase/extractor.hpp"

#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "drivers/sql/row_source.hpp"
#include "drivers/sql/select_query.hpp"
#include "drivers/supabase/channel.hpp"
#include "drivers/supabase/rest_pages.hpp"

namespace spillway::drivers::supabase {
namespace {

StepResult read_over_rest(const StepContext& context) {
  const std::string what = sql::what_is_read(context.config);
  engine::Relation relation;
  try {
    auto client = std::make_shared<RestClient>(context.connection_fields, context.base_dir, context.cancel);
    RestQuery query = rest_query(*client, context.config);
    std::vector<RestPages> parts;
    parts.emplace_back(std::move(client), std::move(query.plan));
    relation.source =
        std::make_shared<sql::RowSource<RestPages, TextColumn>>(std::move(parts), std::move(query.columns), what);
  } catch (const Exception& exception) {
    Error error = exception.error();
    if (error.code != ErrorCode::cancelled) error.message = fmt::format("cannot read {}: {}", what, error.message);
    fail(std::move(error));
  }
  return {.df = std::move(relation)};
}

}  // namespace

StepResult Extractor::run(StepContext& context) const {
  if (choose_channel(context.config, context.connection_fields) == Channel::rest) return read_over_rest(context);
  become_postgres(context);
  return m_postgres->run(context);
}

}  // namespace spillway::drivers::supabase
