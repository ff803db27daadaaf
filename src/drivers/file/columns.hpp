#pragma once

#include <string>
#include <vector>

#include "drivers/driver.hpp"

namespace spillway::drivers::file {

/// The columns that the config asks for, in its order, or all of `available`. Throws when one does not exist: `what`
/// names the files in the message.
std::vector<std::string> selected_columns(const StepContext& context, const std::vector<std::string>& available,
                                          const std::string& what);

/// `name` did not come with `what`: the error that says so, with the columns that did.
Error unknown_column(const std::string& name, const std::vector<std::string>& available, const std::string& what);

/// Throws when the config's filename_column is also a column of the files.
void check_filename_column(const StepContext& context, const std::vector<std::string>& available,
                           const std::string& what);

/// "" or " LIMIT n", as the config says.
std::string limit_sql(const StepContext& context);

}  // namespace spillway::drivers::file
