#pragma once

#include <filesystem>
#include <string>

#include "util/error.hpp"

namespace spillway::run {

/// Remembers a manifest as the one that `run --last-compile` runs, in build/.last_compile of the current folder.
void remember_compile(const std::filesystem::path& manifest);
/// The manifest that was compiled last in the current folder.
Result<std::string> last_compiled();

}  // namespace spillway::run
