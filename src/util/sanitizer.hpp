#pragma once

namespace spillway {

/// Whether this program was built with a sanitizer: its books take memory that no limit is meant for.
#ifdef SPILLWAY_SANITIZED
inline constexpr bool k_is_sanitized = true;
#else
inline constexpr bool k_is_sanitized = false;
#endif

}  // namespace spillway
