#include "drivers/postgres/query.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

using Json = nlohmann::json;

/// The statement without the blanks, comments and parentheses in front of its first word.
std::string_view from_first_word(std::string_view sql) {
  for (;;) {
    while (!sql.empty() && (std::isspace(static_cast<unsigned char>(sql[0])) != 0 || sql[0] == '(')) {
      sql.remove_prefix(1);
    }
    const bool is_line = sql.starts_with("--");
    if (!is_line && !sql.starts_with("/*")) return sql;
    const std::size_t end = sql.find(is_line ? "\n" : "*/");
    if (end == std::string_view::npos) return {};
    sql.remove_prefix(end + (is_line ? 1 : 2));
  }
}

}  // namespace

TextRow bound_parameters(const Json& config) {
  TextRow parameters;
  for (const Json& value : config.value("params", Json::array())) {
    if (value.is_null()) {
      parameters.emplace_back();
    } else {
      parameters.emplace_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return parameters;
}

bool is_copyable(std::string_view sql) {
  constexpr std::array<std::string_view, 4> k_words{"select", "with", "values", "table"};
  std::string_view word = from_first_word(sql);
  const auto* end =
      std::ranges::find_if(word, [](char c) { return std::isalpha(static_cast<unsigned char>(c)) == 0; });
  word = word.substr(0, static_cast<std::size_t>(end - word.begin()));
  return std::ranges::find(k_words, to_lower(word)) != k_words.end();
}

std::string read_query(const std::string& base, const std::vector<ColumnReader>& columns,
                       std::string_view condition) {
  const bool needs_casts =
      std::ranges::any_of(columns, [](const ColumnReader& column) { return !column.cast.empty(); });
  if (!needs_casts && condition.empty()) return base;
  // Columns go by position: names may be there twice.
  std::vector<std::string> names;
  std::vector<std::string> items;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names.push_back(fmt::format("c{}", i + 1));
    items.push_back(columns[i].cast.empty() ? names.back() : fmt::format("{}::{}", names.back(), columns[i].cast));
  }
  return fmt::format("SELECT {} FROM (\n{}\n) AS q({}){}{}", join(items, ", "), base, join(names, ", "),
                     condition.empty() ? "" : " WHERE ", condition);
}

}  // namespace spillway::drivers::postgres
