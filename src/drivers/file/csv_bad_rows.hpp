#pragma once

#include <cstdint>
#include <string>

#include "drivers/driver.hpp"
#include "drivers/file/csv_plan.hpp"

namespace spillway::drivers::file {

/// Options for CsvPlan::read that leave bad rows out and make the engine note them in temporary tables.
std::string skipping_options();

/// Collects what a read with skipping_options() left out, and the rows whose values would have been lost, into the
/// artifact bad_rows.csv; emits bad_rows_skipped and the metric rows_skipped. Throws when there are more than the
/// config's max_bad_rows, and when a broken quote has swallowed rows that the engine then did not note.
void report_bad_rows(const StepContext& context, const CsvPlan& plan);

}  // namespace spillway::drivers::file
