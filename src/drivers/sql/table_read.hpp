#pragma once

#include <functional>

#include "drivers/driver.hpp"

namespace spillway::drivers::sql {

/// Runs an extractor's step: tries `attempt`, which opens the source of the rows, again as long as what it throws may
/// be repeated. What it throws in the end says what could not be read.
StepResult read_table(const StepContext& context,
                      const std::function<std::shared_ptr<engine::ChunkSource>()>& attempt);

}  // namespace spillway::drivers::sql
