#include "pipeline/cron.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::array<std::string_view, 12> k_months{"jan", "feb", "mar", "apr", "may", "jun",
                                                    "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> k_days{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::string_view, 7> k_nicknames{"@yearly", "@annually", "@monthly", "@weekly",
                                                      "@daily",  "@midnight", "@hourly"};

struct CronField {
  std::string_view what;
  std::uint64_t least;
  std::uint64_t most;
  std::span<const std::string_view> names;  ///< of the values from `least` on
};

constexpr std::array<CronField, 5> k_cron_fields{{{"minute", 0, 59, {}},
                                                  {"hour", 0, 23, {}},
                                                  {"day of the month", 1, 31, {}},
                                                  {"month", 1, 12, k_months},
                                                  {"day of the week", 0, 7, k_days}}};

std::optional<std::uint64_t> field_value(std::string_view text, const CronField& field) {
  const std::string lower = to_lower(text);
  if (const auto name = std::ranges::find(field.names, lower); name != field.names.end()) {
    return field.least + static_cast<std::uint64_t>(name - field.names.begin());
  }
  const auto number = parse_uint(text);
  return number && *number >= field.least && *number <= field.most ? number : std::nullopt;
}

/// "*", "5", "1-5", each with "/2" behind it; the parts of a list.
bool is_field_part(std::string_view part, const CronField& field) {
  if (const std::size_t slash = part.find('/'); slash != std::string_view::npos) {
    const auto step = parse_uint(part.substr(slash + 1));
    if (!step || *step == 0 || *step > field.most) return false;
    part = part.substr(0, slash);
  }
  if (part == "*") return true;
  const std::size_t dash = part.find('-');
  const auto from = field_value(part.substr(0, dash), field);
  if (dash == std::string_view::npos) return from.has_value();
  const auto to = field_value(part.substr(dash + 1), field);
  return from && to && *from <= *to;
}

}  // namespace

std::string cron_problem(std::string_view text) {
  if (text.starts_with('@')) {
    if (std::ranges::find(k_nicknames, text) != k_nicknames.end()) return {};
    return fmt::format("the nicknames are {}", join({k_nicknames.begin(), k_nicknames.end()}, ", "));
  }
  std::vector<std::string> fields = split(text, ' ');
  std::erase(fields, "");
  if (fields.size() != k_cron_fields.size()) {
    return fmt::format("it has {} field{}, not five: minute, hour, day of the month, month, day of the week",
                       fields.size(), fields.size() == 1 ? "" : "s");
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto is_part = [&](const std::string& part) { return is_field_part(part, k_cron_fields[i]); };
    if (std::ranges::all_of(split(fields[i], ','), is_part)) continue;
    return fmt::format("'{}' is no {}, which is {} to {}", fields[i], k_cron_fields[i].what, k_cron_fields[i].least,
                       k_cron_fields[i].most);
  }
  return {};
}

bool is_time_zone_name(std::string_view text) {
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
  const auto is_allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '+' || c == '-' || c == '/';
  };
  return std::ranges::all_of(text, is_allowed) && !text.ends_with('/') && text.find("//") == std::string_view::npos;
}

}  // namespace spillway::pipeline
