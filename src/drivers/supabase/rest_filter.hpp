#pragma once

#include <string>
#include <string_view>

namespace spillway::drivers::supabase {

/// An SQL condition as PostgREST's logic: `a > 1 AND (b IS NULL OR c IN ('x', 'y'))` becomes
/// `and(a.gt."1",or(b.is.null,c.in.("x","y")))`. Throws invalid_config, with the place, on what PostgREST has no word
/// for.
std::string rest_filter(std::string_view sql);

}  // namespace spillway::drivers::supabase
