#include "drivers/file/json_extractor.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "drivers/file/columns.hpp"
#include "drivers/file/json_bad_rows.hpp"
#include "drivers/file/json_errors.hpp"
#include "drivers/file/json_plan.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::quote_identifier;

std::string select_rows(const StepContext& context, const JsonPlan& plan) {
  std::vector<std::string> items;
  for (const StrictColumn& column : plan.columns) {
    items.push_back(column.or_error() + " AS " + quote_identifier(column.name));
  }
  std::string extra;
  if (plan.filename_column) {
    items.push_back(shown_path_sql(context, *plan.filename_column) + " AS " +
                    quote_identifier(*plan.filename_column));
    extra = ", filename = " + engine::quote_literal(*plan.filename_column);
  }
  return fmt::format("SELECT {} FROM {}", join(items, ", "),
                     plan.read(plan.files, carriers_sql(plan.columns), extra));
}

}  // namespace

StepResult JsonExtractor::run(StepContext& context) const {
  const auto plan = std::make_shared<const JsonPlan>(plan_json(context));
  engine::Relation relation;
  relation.sql = (plan->skips_bad_rows ? select_good_rows(*plan) : select_rows(context, *plan)) + limit_sql(context);
  relation.explain = [plan](engine::Connection& connection, Error error) {
    return explain_json(*plan, connection, std::move(error));
  };
  if (plan->skips_bad_rows) {
    relation.after = [&context, plan](engine::Connection&, std::uint64_t) { report_bad_objects(context, *plan); };
  }
  return {.df = std::move(relation)};
}

}  // namespace spillway::drivers::file
