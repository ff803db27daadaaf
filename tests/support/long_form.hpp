#pragma once

#include <cstdlib>

namespace spillway::testing {

/// Whether tests that have a long form take it: `./dev check --long` asks for it with SPILLWAY_TEST_LONG.
inline bool is_long_form() { return std::getenv("SPILLWAY_TEST_LONG") != nullptr; }

}  // namespace spillway::testing
