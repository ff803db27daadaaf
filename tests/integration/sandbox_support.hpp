#pragma once

#include <string>

namespace spillway::testing {

/// Why this machine cannot make a bubblewrap sandbox; empty when it can. A test skips with it.
std::string no_bwrap_reason();

}  // namespace spillway::testing
