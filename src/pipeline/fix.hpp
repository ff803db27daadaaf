#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "util/error.hpp"

namespace spillway::pipeline {

/// A document with the fixes that its errors carry. A byte order mark and the ends of lines stay as they are; of
/// fixes that overlap, the first is applied.
std::string apply_fixes(std::string_view text, const std::vector<Error>& errors);

/// What changed between two texts of as many lines, as a unified diff without context. A line that may show
/// a secret is masked.
std::string line_diff(std::string_view before, std::string_view after, const std::string& file_name);

}  // namespace spillway::pipeline
