#pragma once

#include <string_view>

#include "util/fd.hpp"

namespace spillway {

/// A file that exists in memory only, holds `bytes` and is read from its start: what a program is given through a
/// descriptor. Throws.
Fd memory_file(const char* name, std::string_view bytes);

}  // namespace spillway
