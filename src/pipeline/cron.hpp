#pragma once

#include <string>
#include <string_view>

namespace spillway::pipeline {

/// Why a text is no schedule of cron's five fields (or @daily and the like); empty when it is one.
std::string cron_problem(std::string_view text);
/// Whether a text has the form of a time zone's name: UTC, Europe/Prague. Whether there is such a zone is for whoever
/// schedules.
bool is_time_zone_name(std::string_view text);

}  // namespace spillway::pipeline
