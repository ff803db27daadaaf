#pragma once

#include <string>

namespace spillway::testing {

/// A step that goes on until it is stopped; it takes one input.
inline constexpr auto k_endless_sql =
    "SELECT sum(a.range * b.range) AS s FROM df, range(1000000000) AS a, range(1000000000) AS b";

/// Why this machine cannot make a bubblewrap sandbox; empty when it can. A test skips with it.
std::string no_bwrap_reason();

}  // namespace spillway::testing
