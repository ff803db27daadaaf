#pragma once

#include <string_view>

namespace spillway {

/// The program's version, from CMake's project().
inline constexpr std::string_view k_program_version = SPILLWAY_VERSION;

}  // namespace spillway
