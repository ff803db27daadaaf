#pragma once

#include <cstdint>
#include <string_view>

#include "engine/type.hpp"

/// PostgreSQL's texts of dates and times (DateStyle ISO, IntervalStyle postgres), as the engine keeps them. What is
/// no such text throws bad_data.
namespace spillway::drivers::supabase {

std::int32_t date_of_text(std::string_view text);
/// With or without an offset, which is taken off.
std::int64_t timestamp_of_text(std::string_view text);
std::int64_t time_of_text(std::string_view text);
std::uint64_t time_tz_of_text(std::string_view text);
engine::Interval interval_of_text(std::string_view text);

}  // namespace spillway::drivers::supabase
