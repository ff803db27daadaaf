#include "drivers/supabase/rest_filter.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "drivers/supabase/rest_client.hpp"
#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::supabase {
namespace {

struct Token {
  enum class Kind { word, name, text, number, sign, end };
  Kind kind = Kind::end;
  std::string text;  ///< a word in lower case; a name or a text without its quotes
  std::size_t at = 0;
};

struct Comparison {
  std::string_view sign;
  std::string_view word;
};
constexpr std::array k_comparisons{Comparison{"=", "eq"},   Comparison{"<>", "neq"}, Comparison{"!=", "neq"},
                                   Comparison{"<=", "lte"}, Comparison{"<", "lt"},   Comparison{">=", "gte"},
                                   Comparison{">", "gt"}};

[[noreturn]] void fail_filter(std::size_t at, std::string_view why) {
  fail(ErrorCode::invalid_config, fmt::format("cannot use the filter over rest: at character {}, {}", at + 1, why),
       "over rest a filter compares columns with values, joined by AND, OR and NOT; channel: postgres takes any SQL");
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & '\x80') != 0; }

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : m_sql(sql) {}

  Token next() {
    while (m_at < m_sql.size() && std::isspace(static_cast<unsigned char>(m_sql[m_at])) != 0) ++m_at;
    const std::size_t start = m_at;
    if (start == m_sql.size()) return {Token::Kind::end, "the end", start};
    const char c = m_sql[start];
    if (c == '\'') return {Token::Kind::text, quoted('\''), start};
    if (c == '"') return {Token::Kind::name, quoted('"'), start};
    const bool is_signed = c == '-' || c == '+';
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.' || is_signed) return number();
    if (is_word(c)) {
      while (m_at < m_sql.size() && is_word(m_sql[m_at])) ++m_at;
      return {Token::Kind::word, to_lower(m_sql.substr(start, m_at - start)), start};
    }
    const auto* two = std::ranges::find(k_comparisons, m_sql.substr(start, 2), &Comparison::sign);
    m_at += two == k_comparisons.end() || two->sign.size() < 2 ? 1 : 2;
    return {Token::Kind::sign, std::string(m_sql.substr(start, m_at - start)), start};
  }

 private:
  std::string quoted(char quote) {
    const std::size_t start = m_at++;
    std::string text;
    for (; m_at < m_sql.size(); ++m_at) {
      if (m_sql[m_at] != quote) {
        text += m_sql[m_at];
      } else if (m_at + 1 < m_sql.size() && m_sql[m_at + 1] == quote) {
        text += m_sql[++m_at];
      } else {
        ++m_at;
        return text;
      }
    }
    fail_filter(start, "a quote is not closed");
  }

  Token number() {
    const std::size_t start = m_at++;
    while (m_at < m_sql.size() &&
           (std::isalnum(static_cast<unsigned char>(m_sql[m_at])) != 0 || m_sql[m_at] == '.')) {
      ++m_at;
    }
    std::string text(m_sql.substr(start, m_at - start));
    const bool has_digit =
        std::ranges::any_of(text, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
    if (!has_digit) fail_filter(start, fmt::format("'{}' is no value", text));
    return {Token::Kind::number, std::move(text), start};
  }

  std::string_view m_sql;
  std::size_t m_at = 0;
};

/// Recursive descent: OR binds less than AND, AND less than NOT.
class FilterParser {
 public:
  explicit FilterParser(std::string_view sql) : m_scanner(sql) { advance(); }

  std::string parse() {
    std::string condition = any_of();
    if (m_token.kind != Token::Kind::end) fail_filter(m_token.at, fmt::format("'{}' is not expected", m_token.text));
    return condition;
  }

 private:
  void advance() { m_token = m_scanner.next(); }
  bool take_word(std::string_view word) {
    if (m_token.kind != Token::Kind::word || m_token.text != word) return false;
    advance();
    return true;
  }
  bool take_sign(std::string_view sign) {
    if (m_token.kind != Token::Kind::sign || m_token.text != sign) return false;
    advance();
    return true;
  }
  void expect_sign(std::string_view sign) {
    if (!take_sign(sign)) fail_filter(m_token.at, fmt::format("'{}' is expected", sign));
  }

  std::string any_of() {
    std::vector<std::string> parts{all_of()};
    while (take_word("or")) parts.push_back(all_of());
    return parts.size() == 1 ? parts.front() : fmt::format("or({})", join(parts, ","));
  }
  std::string all_of() {
    std::vector<std::string> parts{negated()};
    while (take_word("and")) parts.push_back(negated());
    return parts.size() == 1 ? parts.front() : fmt::format("and({})", join(parts, ","));
  }
  std::string negated() { return take_word("not") ? not_of(negated()) : primary(); }
  static std::string not_of(const std::string& condition) { return fmt::format("not.and({})", condition); }

  std::string primary() {
    if (!take_sign("(")) return comparison();
    std::string condition = any_of();
    expect_sign(")");
    return condition;
  }

  std::string comparison() {
    if (m_token.kind != Token::Kind::word && m_token.kind != Token::Kind::name) {
      fail_filter(m_token.at, "the name of a column is expected");
    }
    const std::string column = rest_name(m_token.text);
    advance();
    if (take_word("is")) return is_test(column);
    const bool is_negated = take_word("not");
    std::string condition = word_comparison(column, is_negated);
    return is_negated ? not_of(condition) : condition;
  }

  std::string is_test(const std::string& column) {
    const bool is_negated = take_word("not");
    for (const char* value : {"null", "true", "false"}) {
      if (!take_word(value)) continue;
      std::string test = fmt::format("{}.is.{}", column, value);
      return is_negated ? not_of(test) : test;
    }
    fail_filter(m_token.at, "NULL, TRUE or FALSE is expected");
  }

  std::string word_comparison(const std::string& column, bool is_negated) {
    if (take_word("in")) return in_list(column);
    if (take_word("like")) return like(column, "like");
    if (take_word("ilike")) return like(column, "ilike");
    if (take_word("between")) {
      const std::string low = value();
      if (!take_word("and")) fail_filter(m_token.at, "AND is expected");
      return fmt::format("and({0}.gte.{1},{0}.lte.{2})", column, low, value());
    }
    if (!is_negated && m_token.kind == Token::Kind::sign) {
      const auto* known = std::ranges::find(k_comparisons, m_token.text, &Comparison::sign);
      if (known != k_comparisons.end()) {
        advance();
        return fmt::format("{}.{}.{}", column, known->word, value());
      }
    }
    fail_filter(m_token.at, "a comparison is expected");
  }

  std::string in_list(const std::string& column) {
    expect_sign("(");
    std::vector<std::string> values{value()};
    while (take_sign(",")) values.push_back(value());
    expect_sign(")");
    return fmt::format("{}.in.({})", column, join(values, ","));
  }

  std::string like(const std::string& column, std::string_view word) {
    // PostgREST takes * for %, and has no way to say *.
    if (m_token.text.find('*') != std::string::npos) fail_filter(m_token.at, "a pattern cannot hold '*'");
    return fmt::format("{}.{}.{}", column, word, value());
  }

  std::string value() {
    const bool is_boolean = m_token.kind == Token::Kind::word && (m_token.text == "true" || m_token.text == "false");
    if (m_token.kind != Token::Kind::text && m_token.kind != Token::Kind::number && !is_boolean) {
      fail_filter(m_token.at, "a text between single quotes, a number, TRUE or FALSE is expected");
    }
    std::string text = rest_value(m_token.text);
    advance();
    return text;
  }

  Scanner m_scanner;
  Token m_token;
};

}  // namespace

std::string rest_filter(std::string_view sql) { return FilterParser(sql).parse(); }

}  // namespace spillway::drivers::supabase
