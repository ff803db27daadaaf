#pragma once

#include <string>

#include "drivers/driver.hpp"
#include "drivers/file/json_plan.hpp"

namespace spillway::drivers::file {

/// SELECT of the rows of all lines that hold an object whose values are of their columns' types.
std::string select_good_rows(const JsonPlan& plan);

/// Collects the other lines into the artifact bad_rows.csv; emits bad_rows_skipped and the metric rows_skipped.
/// Throws when there are more than the config's max_bad_rows.
void report_bad_objects(const StepContext& context, const JsonPlan& plan);

}  // namespace spillway::drivers::file
