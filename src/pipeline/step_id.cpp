#include "pipeline/step_id.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace spillway::pipeline {
namespace {

constexpr std::size_t k_max_bytes = 128;
constexpr std::string_view k_reserved = "_system";

bool is_allowed(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '.' ||
         c == '-';
}

}  // namespace

std::string step_id_problem(std::string_view id) {
  if (id.empty()) return "an id is not empty";
  if (id.size() > k_max_bytes) return fmt::format("an id has at most {} characters", k_max_bytes);
  if (!std::ranges::all_of(id, is_allowed)) return "an id has letters, digits, '_', '-' and '.' only";
  if (id[0] == '-' || id[0] == '.') return "an id begins with a letter, a digit or '_'";
  if (id.find("..") != std::string_view::npos) return "an id has no '..'";
  if (id == k_reserved) return "the name is reserved for the run's own artifacts";
  return {};
}

std::string cfg_path_of(std::string_view step_id) { return fmt::format("cfg/{}.json", step_id); }

}  // namespace spillway::pipeline
