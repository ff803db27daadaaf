#include "pipeline/sql_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

struct Token {
  enum class Kind { word, quoted_name, symbol, other };
  Kind kind = Kind::other;
  std::string text;  ///< a word in lower case; a symbol
  std::string name;  ///< of a word or quoted name, as it is written

  bool is(std::string_view expected) const { return kind != Kind::quoted_name && text == expected; }
  bool is_name() const { return kind == Kind::word || kind == Kind::quoted_name; }
};

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

/// The end of what begins at `at` with a quote; two of them stand for one.
std::size_t end_of_quoted(std::string_view sql, std::size_t at, bool has_escapes) {
  const char quote = sql[at];
  for (++at; at < sql.size(); ++at) {
    if (has_escapes && sql[at] == '\\') {
      ++at;
    } else if (sql[at] == quote) {
      if (at + 1 >= sql.size() || sql[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return sql.size();
}

std::size_t after(std::string_view sql, std::string_view end, std::size_t at) {
  const std::size_t found = sql.find(end, at);
  return found == std::string_view::npos ? sql.size() : found + end.size();
}

/// Comments nest.
std::size_t end_of_comment(std::string_view sql, std::size_t at) {
  std::size_t depth = 0;
  while (at < sql.size()) {
    const std::string_view rest = sql.substr(at);
    if (rest.starts_with("/*")) {
      ++depth;
      at += 2;
    } else if (rest.starts_with("*/")) {
      at += 2;
      if (--depth == 0) return at;
    } else {
      ++at;
    }
  }
  return at;
}

/// $$ or $tag$ at this place; empty when there is none.
std::string_view dollar_tag(std::string_view rest) {
  const std::size_t end = rest.find('$', 1);
  if (end == std::string_view::npos) return {};
  const std::string_view tag = rest.substr(1, end - 1);
  const bool is_tag = std::ranges::all_of(tag, [](char c) { return is_word_byte(c) && c != '$'; }) &&
                      (tag.empty() || std::isdigit(static_cast<unsigned char>(tag[0])) == 0);
  return is_tag ? rest.substr(0, end + 1) : std::string_view{};
}

std::vector<Token> tokens_of(std::string_view sql) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < sql.size();) {
    const std::string_view rest = sql.substr(at);
    std::size_t end = at + 1;
    if (std::isspace(static_cast<unsigned char>(sql[at])) != 0) {
    } else if (rest.starts_with("--")) {
      end = after(sql, "\n", at);
    } else if (rest.starts_with("/*")) {
      end = end_of_comment(sql, at);
    } else if (sql[at] == '\'') {
      const bool has_escapes = !tokens.empty() && at > 0 && tokens.back().is("e") && is_word_byte(sql[at - 1]);
      end = end_of_quoted(sql, at, has_escapes);
      tokens.push_back({});
    } else if (sql[at] == '"') {
      end = end_of_quoted(sql, at, false);
      const std::size_t length = end - at >= 2 ? end - at - 2 : 0;
      tokens.push_back(
          {Token::Kind::quoted_name, {}, replace_all(std::string(sql.substr(at + 1, length)), "\"\"", "\"")});
    } else if (const std::string_view tag = sql[at] == '$' ? dollar_tag(rest) : ""; !tag.empty()) {
      end = after(sql, tag, at + tag.size());
      tokens.push_back({});
    } else if (is_word_byte(sql[at])) {
      while (end < sql.size() && is_word_byte(sql[end])) ++end;
      const std::string word(sql.substr(at, end - at));
      const bool is_number = std::isdigit(static_cast<unsigned char>(word[0])) != 0;
      tokens.push_back({is_number ? Token::Kind::other : Token::Kind::word, to_lower(word), word});
    } else {
      tokens.push_back({Token::Kind::symbol, std::string(1, sql[at]), {}});
    }
    at = end;
  }
  return tokens;
}

/// Names that are followed by [(columns)] AS [NOT] [MATERIALIZED] (: common table expressions.
std::set<std::string> defined_names(const std::vector<Token>& tokens) {
  std::set<std::string> names;
  const auto is = [&](std::size_t at, std::string_view text) { return at < tokens.size() && tokens[at].is(text); };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].is_name()) continue;
    std::size_t at = i + 1;
    if (is(at, "(")) {
      ++at;
      while (at < tokens.size() && (tokens[at].is_name() || tokens[at].is(","))) ++at;
      if (!is(at, ")")) continue;
      ++at;
    }
    if (!is(at, "as")) continue;
    ++at;
    if (is(at, "not")) ++at;
    if (is(at, "materialized")) ++at;
    if (is(at, "(")) names.insert(to_lower(tokens[i].name));
  }
  return names;
}

constexpr auto k_ends_of_from = std::to_array<std::string_view>(
    {"select", "where", "group", "having", "order", "limit", "offset", "union", "except", "intersect", "window",
     "qualify", "using", "on", "sample", "values", "with"});
/// Words before a parenthesis that do not make it a function's.
constexpr auto k_no_functions = std::to_array<std::string_view>(
    {"from",    "join", "in",    "as",   "exists", "any",    "all",       "some",    "not",
     "and",     "or",   "where", "on",   "union",  "except", "intersect", "select",  "materialized",
     "lateral", "when", "then",  "else", "case",   "by",     "having",    "distinct"});

template <typename Words>
bool is_one_of_words(const Words& words, const Token& token) {
  return std::ranges::find_if(words, [&](std::string_view word) { return token.is(word); }) != words.end();
}

class TableNames {
 public:
  explicit TableNames(std::vector<Token> tokens) : m_tokens(std::move(tokens)), m_defined(defined_names(m_tokens)) {}

  std::vector<std::string> read() {
    for (m_at = 0; m_at < m_tokens.size(); ++m_at) step(m_tokens[m_at]);
    return std::move(m_names);
  }

 private:
  /// A pair of parentheses, or the whole text.
  struct Level {
    bool is_call = false;        ///< of a function: FROM in it is an argument's, as in extract(year FROM day)
    bool has_query = false;      ///< a SELECT, or a FROM that begins it
    bool in_from = false;        ///< a comma is followed by another table
    bool expects_table = false;  ///< the next word is a table's
  };

  const Token* neighbour(std::size_t distance_back) const {
    return m_at >= distance_back ? &m_tokens[m_at - distance_back] : nullptr;
  }
  bool next_is(std::string_view text) const { return m_at + 1 < m_tokens.size() && m_tokens[m_at + 1].is(text); }

  void step(const Token& token) {
    Level& level = m_levels.back();
    if (token.is("(")) {
      open(level);
    } else if (token.is(")")) {
      if (m_levels.size() > 1) m_levels.pop_back();
      m_levels.back().expects_table = false;
    } else if (token.is("select")) {
      level = {level.is_call, true, false, false};
    } else if (token.is("from")) {
      const Token* before = neighbour(1);
      const bool is_comparison = before != nullptr && before->is("distinct") && neighbour(2) != nullptr &&
                                 (neighbour(2)->is("is") || neighbour(2)->is("not"));
      const bool begins = before == nullptr || before->is("(");
      if (is_comparison || (level.is_call && !level.has_query && !begins)) return;
      level = {level.is_call, true, true, true};
    } else if (token.is("join")) {
      level.expects_table = level.in_from = true;
    } else if (token.is(",")) {
      level.expects_table = level.in_from;
    } else if (is_one_of_words(k_ends_of_from, token)) {
      level.in_from = level.expects_table = false;
    } else if (level.expects_table && !token.is("lateral")) {
      level.expects_table = false;
      if (token.is_name() && !next_is(".") && !next_is("(")) add(token.name);
    }
  }

  void open(Level& level) {
    const Token* before = neighbour(1);
    const bool is_call = before != nullptr && before->is_name() && !is_one_of_words(k_no_functions, *before);
    const bool holds_tables = level.expects_table;
    level.expects_table = false;
    m_levels.push_back({is_call, false, holds_tables, holds_tables});
  }

  void add(const std::string& name) {
    if (!m_defined.contains(to_lower(name)) && m_seen.insert(name).second) m_names.push_back(name);
  }

  std::vector<Token> m_tokens;
  std::set<std::string> m_defined;
  std::set<std::string> m_seen;
  std::vector<Level> m_levels{Level{}};
  std::vector<std::string> m_names;
  std::size_t m_at = 0;
};

}  // namespace

std::vector<std::string> table_names_in(std::string_view sql) { return TableNames(tokens_of(sql)).read(); }

}  // namespace spillway::pipeline
