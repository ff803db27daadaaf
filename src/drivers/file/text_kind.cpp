#include "drivers/file/text_kind.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads a text from its front.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : m_text(text) {}

  bool at_end() const { return m_text.empty(); }
  bool take(char c) {
    if (m_text.empty() || m_text.front() != c) return false;
    m_text.remove_prefix(1);
    return true;
  }
  std::string_view digits() {
    const auto* const end = std::ranges::find_if_not(m_text, is_digit);
    const std::string_view taken = m_text.substr(0, static_cast<std::size_t>(end - m_text.begin()));
    m_text.remove_prefix(taken.size());
    return taken;
  }
  /// Exactly `count` digits as a number.
  std::optional<unsigned> number(std::size_t count) {
    if (m_text.size() < count) return std::nullopt;
    unsigned value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(m_text[i])) return std::nullopt;
      value = value * 10 + static_cast<unsigned>(m_text[i] - '0');
    }
    m_text.remove_prefix(count);
    return value;
  }

 private:
  std::string_view m_text;
};

/// Digits without the zeros that only say where the point is.
std::uint32_t significant(std::string_view integer, std::string_view fraction) {
  std::string digits(integer);
  digits += fraction;
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return 0;
  return static_cast<std::uint32_t>(digits.find_last_not_of('0') - first + 1);
}

/// "e-5": an exponent without a sign is read only behind a fraction, as 12E3 is also what article numbers look like.
bool take_exponent(Scanner& scanner, bool has_fraction) {
  if (!scanner.take('e') && !scanner.take('E')) return true;
  const bool has_sign = scanner.take('-') || scanner.take('+');
  return (has_sign || has_fraction) && !scanner.digits().empty();
}

Classified classify_number(std::string_view text, char decimal_separator) {
  Scanner scanner(text);
  scanner.take('-');
  const std::string_view integer = scanner.digits();
  const bool has_leading_zero = integer.size() > 1 && integer.front() == '0';
  if (has_leading_zero) return {};
  const auto integer_digits = static_cast<std::uint32_t>(integer.size());
  if (scanner.at_end()) {
    if (integer.empty() || text == "-0") return {};
    return {Kind::integer, integer_digits, 0, 0};
  }
  std::string_view fraction;
  if (scanner.take(decimal_separator)) {
    fraction = scanner.digits();
    if (fraction.empty()) return {};
  } else if (integer.empty()) {
    return {};
  }
  if (!take_exponent(scanner, !fraction.empty()) || !scanner.at_end()) return {};
  return {Kind::decimal, integer_digits, significant(integer, fraction), 0};
}

bool take_date(Scanner& scanner) {
  constexpr std::array<unsigned, 13> k_days{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const auto year = scanner.number(4);
  if (!year || *year == 0 || !scanner.take('-')) return false;
  const auto month = scanner.number(2);
  if (!month || *month < 1 || *month > 12 || !scanner.take('-')) return false;
  const auto day = scanner.number(2);
  if (!day || *day < 1 || *day > k_days[*month]) return false;
  const bool is_leap_year = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
  return *month != 2 || *day < 29 || is_leap_year;
}

enum class Seconds { required, optional };

bool take_time(Scanner& scanner, Seconds seconds, std::uint32_t& fraction_digits) {
  const auto hour = scanner.number(2);
  if (!hour || *hour > 23 || !scanner.take(':')) return false;
  const auto minute = scanner.number(2);
  if (!minute || *minute > 59) return false;
  if (!scanner.take(':')) return seconds == Seconds::optional;
  const auto second = scanner.number(2);
  if (!second || *second > 59) return false;
  if (scanner.take('.')) {
    fraction_digits = static_cast<std::uint32_t>(scanner.digits().size());
    return fraction_digits > 0;
  }
  return true;
}

bool take_zone(Scanner& scanner) {
  if (scanner.take('Z')) return true;
  if (!scanner.take('+') && !scanner.take('-')) return false;
  const auto hours = scanner.number(2);
  if (!hours || *hours > 15) return false;
  if (scanner.at_end()) return true;
  scanner.take(':');
  const auto minutes = scanner.number(2);
  return minutes && *minutes <= 59;
}

Classified classify_date_or_timestamp(std::string_view text) {
  Scanner scanner(text);
  if (!take_date(scanner)) return {};
  if (scanner.at_end()) return {Kind::date, 0, 0, 0};
  Classified classified;
  if (!scanner.take(' ') && !scanner.take('T')) return {};
  if (!take_time(scanner, Seconds::optional, classified.fraction_digits)) return {};
  classified.kind = Kind::timestamp;
  if (scanner.at_end()) return classified;
  if (!take_zone(scanner) || !scanner.at_end()) return {};
  classified.kind = Kind::timestamp_tz;
  return classified;
}

Classified classify_time(std::string_view text) {
  Scanner scanner(text);
  Classified classified;
  if (!take_time(scanner, Seconds::required, classified.fraction_digits) || !scanner.at_end()) return {};
  classified.kind = Kind::time;
  return classified;
}

Kind kind_of_word(std::string_view text) {
  constexpr std::size_t k_longest_word = 9;  // -infinity
  if (text.size() > k_longest_word) return Kind::text;
  const std::string lower = to_lower(text);
  if (lower == "true" || lower == "false") return Kind::boolean;
  const std::string_view unsigned_word = std::string_view(lower).substr(lower.starts_with('-') ? 1 : 0);
  const bool is_infinite = unsigned_word == "inf" || unsigned_word == "infinity";
  return is_infinite || lower == "nan" ? Kind::not_a_number : Kind::text;
}

}  // namespace

Classified classify(std::string_view text, char decimal_separator) {
  const std::string_view trimmed = trim(text);
  if (trimmed.empty()) return {};
  const char first = trimmed.front();
  if (is_digit(first) || first == '-' || first == decimal_separator) {
    if (const Classified number = classify_number(trimmed, decimal_separator); number.kind != Kind::text)
      return number;
  }
  if (is_digit(first)) {
    constexpr std::size_t k_colon_of_time = 2;
    const bool looks_like_time = text.size() > k_colon_of_time && text[k_colon_of_time] == ':';
    return looks_like_time ? classify_time(text) : classify_date_or_timestamp(text);
  }
  return {kind_of_word(text), 0, 0, 0};
}

}  // namespace spillway::drivers::file
