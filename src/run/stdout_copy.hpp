#pragma once

#include <filesystem>
#include <string_view>

#include "util/error.hpp"

namespace spillway::run {

/// Writes all of `bytes` to `fd`, the program's standard output. False when its reader went away (`| head`), which is
/// no error: it has seen enough.
Result<bool> write_to_reader(int fd, std::string_view bytes);
/// Copies a file that a step wrote for `-` to `fd`. `file` is relative to `folder`, and no name in it may be a link:
/// the worker that put it there may be hostile.
Result<void> copy_to_reader(int fd, const std::filesystem::path& folder, const std::filesystem::path& file);

}  // namespace spillway::run
