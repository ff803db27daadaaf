#include "drivers/postgres/query.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "drivers/sql/table_name.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

using Json = nlohmann::json;

constexpr char k_quote = '"';

[[noreturn]] void fail_options(std::string message, std::string hint) {
  fail(ErrorCode::invalid_config, std::move(message), std::move(hint));
}

void check_options(const Json& config) {
  if (config.contains("query") == config.contains("table")) {
    fail_options(
        config.contains("query") ? "cannot read both 'query' and 'table'" : "there is neither 'query' nor 'table'",
        "give one of the two");
  }
  for (const char* option : {"columns", "filter", "order", "limit"}) {
    if (config.contains("query") && config.contains(option)) {
      fail_options(fmt::format("option '{}' does not go with 'query'", option), "say it in the query");
    }
  }
  if (!config.contains("partition")) return;
  for (const char* option : {"order", "limit", "params"}) {
    if (config.contains(option)) {
      fail_options(fmt::format("option '{}' does not go with 'partition'", option),
                   "parts are read side by side, and each of them by a statement of its own");
    }
  }
  if (config.contains("query") && !config.at("partition").contains("column")) {
    fail_options("partition needs a 'column' to divide a query by", "only a table is divided without one");
  }
}

/// A trailing ';' ends a statement that is put into another one.
std::string without_semicolon(std::string_view sql) {
  sql = trim(sql);
  while (sql.ends_with(';')) sql = trim(sql.substr(0, sql.size() - 1));
  return std::string(sql);
}

/// "name", "name asc" or "name desc".
std::string order_item(const std::string& text) {
  const std::string lower = to_lower(text);
  for (const std::string_view direction : {" asc", " desc"}) {
    if (!lower.ends_with(direction)) continue;
    const std::string_view name = trim(std::string_view(text).substr(0, text.size() - direction.size()));
    return sql::quoted(name, k_quote) + std::string(direction);
  }
  return sql::quoted(text, k_quote);
}

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

std::string base_query(const Json& config, std::string_view condition) {
  check_options(config);
  if (config.contains("query")) return without_semicolon(config.at("query").get<std::string>());
  const sql::TableName table = value_or_throw(sql::parse_table_name(config.at("table").get<std::string>()));
  const auto texts = [&](const char* option) { return config.value(option, std::vector<std::string>()); };
  const std::vector<std::string> columns = texts("columns");
  std::string sql = fmt::format("SELECT {} FROM {}", columns.empty() ? "*" : sql::quoted_list(columns, k_quote),
                                table.to_sql(k_quote));
  std::vector<std::string> conditions;
  // A comment at the end of the filter must not swallow what follows it.
  if (config.contains("filter")) conditions.push_back(fmt::format("({}\n)", config.at("filter").get<std::string>()));
  if (!condition.empty()) conditions.emplace_back(condition);
  if (!conditions.empty()) sql += " WHERE " + join(conditions, " AND ");
  std::vector<std::string> order;
  for (const std::string& item : texts("order")) order.push_back(order_item(item));
  if (!order.empty()) sql += " ORDER BY " + join(order, ", ");
  if (config.contains("limit")) sql += fmt::format(" LIMIT {}", config.at("limit").get<std::uint64_t>());
  return sql;
}

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
