#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cases.hpp"

namespace spillway::bench {

/// The measured case as lines of a table: median, min, max, CPU, peak memory and ratios.
std::string report_text(const Case& measured, const std::vector<std::vector<Sample>>& samples);
nlohmann::json report_json(const Case& measured, const std::vector<std::vector<Sample>>& samples);

}  // namespace spillway::bench
