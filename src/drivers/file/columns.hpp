#pragma once

#include <map>
#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/file/input_files.hpp"
#include "engine/type.hpp"

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

/// The types that the config declares, as the engine understands them; throws on a text that is no type. A file of
/// the step is needed to ask the engine, and not read.
std::map<std::string, engine::Type> declared_types(const StepContext& context, const InputFile& any_file);

/// "" or " LIMIT n", as the config says.
std::string limit_sql(const StepContext& context);

}  // namespace spillway::drivers::file
