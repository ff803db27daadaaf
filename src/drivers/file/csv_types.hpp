#pragma once

#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/file/csv_plan.hpp"

namespace spillway::drivers::file {

/// The columns `selected`, each of the type that the config declares, or of the one that a sample of the rows
/// suggests. `names` are all that the files have. Throws when the config declares a column that is none of them, or a
/// type that does not exist.
std::vector<StrictColumn> typed_columns(const StepContext& context, const CsvPlan& plan,
                                        const std::vector<std::string>& names,
                                        const std::vector<std::string>& selected);

}  // namespace spillway::drivers::file
