#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "util/strings.hpp"

namespace spillway::testing {

/// The rows of the first table below a heading of a Markdown text, from its `number`-th table (from 0) on; cells in
/// backticks are given without them.
inline std::vector<std::vector<std::string>> markdown_table(std::string_view text, std::string_view heading,
                                                            int number = 0) {
  std::vector<std::vector<std::string>> rows;
  const std::size_t start = text.find(heading);
  if (start == std::string_view::npos) return rows;
  bool is_inside = false;
  int table = -1;
  for (const std::string& line : split(text.substr(start + heading.size()), '\n')) {
    if (line.starts_with("## ")) break;
    if (line.starts_with("|--")) {
      is_inside = true;
      ++table;
    } else if (!line.starts_with("|")) {
      is_inside = false;
    } else if (is_inside && table == number) {
      auto& row = rows.emplace_back();
      for (const std::string& cell : split(std::string_view(line).substr(1, line.size() - 2), '|')) {
        const std::string_view value = trim(cell);
        const bool is_code = value.size() >= 2 && value.starts_with('`') && value.ends_with('`');
        row.emplace_back(is_code ? value.substr(1, value.size() - 2) : value);
      }
    }
  }
  return rows;
}

}  // namespace spillway::testing
