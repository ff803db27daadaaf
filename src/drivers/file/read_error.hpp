#pragma once

#include <functional>
#include <optional>

#include "util/error.hpp"

namespace spillway::drivers::file {

/// Why the engine could not read a step's files, in the user's terms. Errors that are not the engine's, or are not
/// about the files, come back as they are.
///
/// `of_file` explains an error whose text names one of the files. `find_lost` looks for the first value that its
/// column's type would lose: the engine does not tell where it met one.
Error explain_read_error(Error error, const std::function<std::optional<Error>(const Error&)>& of_file,
                         const std::function<std::optional<Error>()>& find_lost);

}  // namespace spillway::drivers::file
