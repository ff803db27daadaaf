#include "drivers/file/csv_extractor.hpp"

#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "drivers/file/columns.hpp"
#include "drivers/file/csv_bad_rows.hpp"
#include "drivers/file/csv_errors.hpp"
#include "drivers/file/csv_plan.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::quote_identifier;

/// Rows with a value that would be lost end the statement, or are left out.
std::string item_of(const CsvPlan& plan, const StrictColumn& column) {
  if (!plan.skips_bad_rows) return column.or_error();
  return column.is_converted() ? column.converted : column.value;
}

std::string select_file(const CsvPlan& plan, const CsvFile& file) {
  const std::set<std::string> names(file.header.names.begin(), file.header.names.end());
  std::vector<std::string> items;
  std::vector<std::string> lost;
  for (const StrictColumn& column : plan.columns) {
    const bool is_present = names.contains(column.name);
    const std::string item =
        is_present ? item_of(plan, column) : fmt::format("CAST(NULL AS {})", column.type.to_sql());
    items.push_back(fmt::format("{} AS {}", item, quote_identifier(column.name)));
    if (is_present && plan.skips_bad_rows && column.is_converted()) lost.push_back(column.is_lost());
  }
  if (plan.filename_column) {
    items.push_back(engine::quote_literal(file.input.shown) + " AS " + quote_identifier(*plan.filename_column));
  }
  return fmt::format("SELECT {} FROM {}{}", join(items, ", "),
                     plan.read(file, plan.skips_bad_rows ? skipping_options() : ""),
                     lost.empty() ? "" : fmt::format(" WHERE NOT ({})", join(lost, " OR ")));
}

/// One scan a file: given a list of files, the engine passes over a quote that is open at the end of one of them, and
/// the rows since. Halves are combined, as a long chain would nest too deeply.
std::string select_files(const CsvPlan& plan, std::span<const CsvFile> files) {
  if (files.size() == 1) return select_file(plan, files.front());
  const std::size_t half = files.size() / 2;
  return fmt::format("({}) UNION ALL ({})", select_files(plan, files.first(half)),
                     select_files(plan, files.subspan(half)));
}

}  // namespace

StepResult CsvExtractor::run(StepContext& context) const {
  const auto plan = std::make_shared<const CsvPlan>(plan_csv(context));
  engine::Relation relation;
  relation.sql = fmt::format("SELECT * FROM ({}) AS files{}", select_files(*plan, plan->files), limit_sql(context));
  if (plan->files.size() == 1 && limit_sql(context).empty()) relation.sql = select_file(*plan, plan->files.front());
  relation.explain = [plan](engine::Connection& connection, Error error) {
    return explain_csv(*plan, connection, std::move(error));
  };
  if (plan->skips_bad_rows) {
    relation.after = [&context, plan](engine::Connection&, std::uint64_t) { report_bad_rows(context, *plan); };
  }
  return {.df = std::move(relation)};
}

}  // namespace spillway::drivers::file
