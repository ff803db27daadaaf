#pragma once

#include <map>
#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/file/json_plan.hpp"

namespace spillway::drivers::file {

/// The columns that the config asks for, or all keys of the sampled objects as they first appear. Each is of the type
/// that the config declares, or of one that keeps every sampled value as it is.
std::vector<StrictColumn> json_columns(const StepContext& context, const JsonPlan& plan,
                                       const std::map<std::string, engine::Type>& declared);

/// The types of a json_group_structure text: {"a": "UBIGINT", "b": ["VARCHAR"], "c": {"d": "DOUBLE"}}.
engine::Schema schema_of_structure(const std::string& structure);

}  // namespace spillway::drivers::file
