#include "drivers/sql/table_read.hpp"

#include <utility>

#include <fmt/format.h>

#include "drivers/sql/select_query.hpp"
#include "util/retry.hpp"

namespace spillway::drivers::sql {

StepResult read_table(const StepContext& context,
                      const std::function<std::shared_ptr<engine::ChunkSource>()>& attempt) {
  engine::Relation relation;
  try {
    // Until the first row nothing was handed on: all of it may be done again.
    with_retries({}, context.cancel, [&] { relation.source = attempt(); });
  } catch (const Exception& exception) {
    Error error = exception.error();
    if (error.code != ErrorCode::cancelled) {
      error.message = fmt::format("cannot read {}: {}", what_is_read(context.config), error.message);
    }
    fail(std::move(error));
  }
  return {.df = std::move(relation)};
}

}  // namespace spillway::drivers::sql
