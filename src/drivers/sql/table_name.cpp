#include "drivers/sql/table_name.hpp"

#include <utility>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::drivers::sql {
namespace {

constexpr std::string_view k_table_hint = "write table, schema.table, or \"a name\".\"with dots.in it\"";

Failure not_a_table(std::string_view text, std::string_view why) {
  return Failure(make_error(ErrorCode::invalid_config, fmt::format("invalid table '{}': {}", text, why),
                            std::string(k_table_hint)));
}

/// Takes a quoted part off the start of `rest`; its closing quote is missing when there is no result.
std::optional<std::string> take_quoted(std::string_view& rest) {
  const char quote = rest.front();
  std::string part;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] != quote) {
      part += rest[at];
    } else if (at + 1 < rest.size() && rest[at + 1] == quote) {
      part += rest[++at];
    } else {
      rest.remove_prefix(at + 1);
      return part;
    }
  }
  return std::nullopt;
}

std::string take_plain(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('.'), rest.size());
  std::string part(rest.substr(0, end));
  rest.remove_prefix(end);
  return part;
}

}  // namespace

std::string quoted(std::string_view name, char quote) {
  std::string text(1, quote);
  for (const char c : name) {
    if (c == quote) text += quote;
    text += c;
  }
  return text += quote;
}

std::string quoted_list(const std::vector<std::string>& names, char quote) {
  std::vector<std::string> texts;
  texts.reserve(names.size());
  for (const std::string& name : names) texts.push_back(sql::quoted(name, quote));
  return join(texts, ", ");
}

std::string TableName::to_sql(char quote) const {
  return schema.empty() ? sql::quoted(name, quote) : sql::quoted(schema, quote) + "." + sql::quoted(name, quote);
}

Result<TableName> parse_table_name(std::string_view text) {
  std::vector<std::string> parts;
  std::string_view rest = text;
  for (;;) {
    const bool is_quoted = rest.starts_with('"') || rest.starts_with('`');
    auto part = is_quoted ? take_quoted(rest) : std::optional(take_plain(rest));
    if (!part) return not_a_table(text, "a quote is not closed");
    if (part->empty()) return not_a_table(text, "a part of the name is empty");
    parts.push_back(*std::move(part));
    if (rest.empty()) break;
    if (rest.front() != '.') return not_a_table(text, "a quoted part is followed by more text");
    rest.remove_prefix(1);
  }
  if (parts.size() > 2) return not_a_table(text, "it has more parts than schema and table");
  if (parts.size() == 1) return TableName{"", std::move(parts[0])};
  return TableName{std::move(parts[0]), std::move(parts[1])};
}

}  // namespace spillway::drivers::sql
