#include "drivers/duckdb/processor.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "drivers/duckdb/query_error.hpp"
#include "engine/sql.hpp"
#include "pipeline/inputs.hpp"
#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::duckdb {
namespace {

/// The query becomes a view, so that a comment or a semicolon at its end cannot reach into the statement around it.
constexpr const char* k_query_view = "spillway_query";

/// Makes every input visible under its names; returns them as hints show them: "df, input_df (= extract-movies)".
std::string create_input_views(StepContext& context) {
  std::vector<std::string> visible;
  for (const frame::ResolvedInput& input : context.inputs) {
    const std::vector<std::string> names = pipeline::view_names({input.key, input.from_step}, context.inputs.size());
    for (const std::string& name : names) {
      context.connection.execute(
          fmt::format("CREATE TEMP VIEW {} AS {}", engine::quote_identifier(name), input.select_sql));
    }
    visible.push_back(fmt::format("{} (= {})", join(names, ", "), input.from_step));
  }
  return join(visible, "; ");
}

}  // namespace

StepResult Processor::run(StepContext& context) const {
  if (context.inputs.empty()) {
    fail(ErrorCode::missing_input,
         fmt::format("duckdb.processor requires 'df' input, but step '{}' was given none", context.step_id),
         fmt::format("name the step whose rows it takes: needs: [<step id>] in step '{}'", context.step_id));
  }
  QueryScope scope{context.step_id, context.config.at("query").get<std::string>(), create_input_views(context)};
  try {
    // The query alone first: a mistake is then shown in the user's own text.
    if (Result<void> checked = context.connection.check_single_select(scope.sql); !checked) fail(checked.error());
    context.connection.execute(fmt::format("CREATE TEMP VIEW {} AS {}", k_query_view, scope.sql));
  } catch (const Exception& exception) {
    fail(explain_query_error(scope, exception.error()));
  }
  engine::Relation relation;
  relation.sql = fmt::format("FROM {}", k_query_view);
  relation.explain = [scope = std::move(scope)](engine::Connection&, Error error) {
    return explain_query_error(scope, std::move(error));
  };
  return {.df = std::move(relation)};
}

}  // namespace spillway::drivers::duckdb
