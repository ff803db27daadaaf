#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/sql/write_config.hpp"

namespace spillway::drivers::sql {

/// What one attempt at a load did.
struct LoadOutcome {
  std::uint64_t rows = 0;   ///< as the server counted them
  std::uint64_t bytes = 0;  ///< sent
  std::vector<std::string> ddl;
};

/// Runs a writer's step: tries `attempt` again as long as what it throws may be repeated, saves the DDL as an
/// artifact and reports all of it. `format` names the family in events.
StepResult write_table(const StepContext& context, const WriteConfig& config, std::string_view format,
                       const std::function<LoadOutcome()>& attempt);

/// Reports how many rows were sent so far.
void report_progress(const StepContext& context, const WriteConfig& config, std::uint64_t rows);

/// "; row 5 of the input is {'id': 7}": what the server says of a row is more to people with the row itself. Long
/// texts are cut. Runs the input's query again, and never throws.
std::string shown_row(const StepContext& context, const frame::ResolvedInput& input, std::uint64_t number);

}  // namespace spillway::drivers::sql
