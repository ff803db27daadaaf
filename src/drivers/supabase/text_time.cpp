#include "drivers/supabase/text_time.hpp"

#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::drivers::supabase {
namespace {

constexpr std::int64_t k_micros_a_second = 1'000'000;
constexpr std::int64_t k_seconds_a_minute = 60;
constexpr std::int64_t k_seconds_an_hour = 3600;
constexpr std::int64_t k_micros_a_day = 24 * k_seconds_an_hour * k_micros_a_second;
constexpr int k_months_a_year = 12;

/// Reads a text from its start.
class Reader {
 public:
  explicit Reader(std::string_view text) : m_text(text), m_rest(text) {}

  [[noreturn]] void fail_text() const {
    fail(ErrorCode::bad_data, fmt::format("the server sent '{}', which is no date or time in ISO 8601", m_text),
         "set DateStyle to ISO and IntervalStyle to postgres in the database");
  }
  bool is_at_end() const { return m_rest.empty(); }
  bool starts_with(std::string_view part) const { return m_rest.starts_with(part); }
  bool take(std::string_view part) {
    if (!m_rest.starts_with(part)) return false;
    m_rest.remove_prefix(part.size());
    return true;
  }
  void expect(std::string_view part) {
    if (!take(part)) fail_text();
  }
  void expect_end() const {
    if (!m_rest.empty()) fail_text();
  }
  std::int64_t number() {
    std::int64_t value = 0;
    const auto [stop, status] = std::from_chars(m_rest.data(), m_rest.data() + m_rest.size(), value);
    if (status != std::errc()) fail_text();
    m_rest.remove_prefix(static_cast<std::size_t>(stop - m_rest.data()));
    return value;
  }
  std::string_view word() {
    std::size_t length = 0;
    while (length < m_rest.size() && m_rest[length] >= 'a' && m_rest[length] <= 'z') ++length;
    const std::string_view word = m_rest.substr(0, length);
    m_rest.remove_prefix(length);
    return word;
  }
  /// Digits behind the point as microseconds.
  std::int64_t fraction() {
    std::int64_t micros = 0;
    if (!take(".")) return micros;
    for (std::int64_t unit = k_micros_a_second / 10; unit > 0; unit /= 10) {
      if (m_rest.empty() || m_rest[0] < '0' || m_rest[0] > '9') break;
      micros += (m_rest[0] - '0') * unit;
      m_rest.remove_prefix(1);
    }
    return micros;
  }
  /// hh:mm:ss.ffffff
  std::int64_t clock() {
    const std::int64_t hours = number();
    expect(":");
    const std::int64_t minutes = number();
    expect(":");
    const std::int64_t seconds = number();
    return (hours * k_seconds_an_hour + minutes * k_seconds_a_minute + seconds) * k_micros_a_second + fraction();
  }
  /// +hh, +hh:mm or +hh:mm:ss in seconds.
  std::int64_t offset() {
    const bool is_negative = take("-");
    if (!is_negative) expect("+");
    std::int64_t seconds = number() * k_seconds_an_hour;
    if (take(":")) seconds += number() * k_seconds_a_minute;
    if (take(":")) seconds += number();
    return is_negative ? -seconds : seconds;
  }
  struct Day {
    std::int64_t year;
    std::int64_t month;
    std::int64_t day;
  };
  Day day() {
    Day day{number(), 0, 0};
    expect("-");
    day.month = number();
    expect("-");
    day.day = number();
    return day;
  }

 private:
  std::string_view m_text;
  std::string_view m_rest;
};

/// Days since 1970 in the proleptic Gregorian calendar, for any year (std::chrono ends at 32767). Years begin in
/// March, so that the leap day is their last one.
std::int64_t days_of(Reader::Day date, bool is_before_christ) {
  constexpr std::int64_t k_days_an_era = 146'097;  // 400 years
  constexpr std::int64_t k_days_to_1970 = 719'468;
  std::int64_t year = is_before_christ ? 1 - date.year : date.year;
  if (date.month <= 2) --year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * k_days_an_era + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - k_days_to_1970;
}

template <typename T>
std::optional<T> infinity_of(std::string_view text) {
  if (text == "infinity") return std::numeric_limits<T>::max();
  if (text == "-infinity") return -std::numeric_limits<T>::max();
  return std::nullopt;
}

}  // namespace

std::int32_t date_of_text(std::string_view text) {
  if (const auto infinity = infinity_of<std::int32_t>(text)) return *infinity;
  Reader reader(text);
  const Reader::Day day = reader.day();
  const bool is_before_christ = reader.take(" BC");
  reader.expect_end();
  return static_cast<std::int32_t>(days_of(day, is_before_christ));
}

std::int64_t timestamp_of_text(std::string_view text) {
  if (const auto infinity = infinity_of<std::int64_t>(text)) return *infinity;
  Reader reader(text);
  const Reader::Day day = reader.day();
  if (!reader.take("T")) reader.expect(" ");
  std::int64_t of_day = reader.clock();
  if (reader.starts_with("+") || reader.starts_with("-")) of_day -= reader.offset() * k_micros_a_second;
  const bool is_before_christ = reader.take(" BC");
  reader.expect_end();
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(days_of(day, is_before_christ), k_micros_a_day, &micros) ||
      __builtin_add_overflow(micros, of_day, &micros)) {
    fail(ErrorCode::bad_data, "the timestamp is beyond the year 294246, the last one that a TIMESTAMP holds",
         "types: {column: text} reads it as it is");
  }
  return micros;
}

std::int64_t time_of_text(std::string_view text) {
  Reader reader(text);
  const std::int64_t micros = reader.clock();
  reader.expect_end();
  return micros;
}

std::uint64_t time_tz_of_text(std::string_view text) {
  // The engine keeps the offset as what it lacks to the largest one, so that the bits sort.
  constexpr std::int64_t k_max_offset = 16 * k_seconds_an_hour - 1;
  constexpr unsigned k_offset_bits = 24;
  Reader reader(text);
  const std::int64_t micros = reader.clock();
  const std::int64_t offset = reader.offset();
  reader.expect_end();
  return (static_cast<std::uint64_t>(micros) << k_offset_bits) | static_cast<std::uint64_t>(k_max_offset - offset);
}

engine::Interval interval_of_text(std::string_view text) {
  engine::Interval interval;
  Reader reader(text);
  while (!reader.is_at_end()) {
    const bool is_negative = reader.take("-");
    if (!is_negative) reader.take("+");
    const Reader before = reader;
    const std::int64_t number = reader.number();
    const std::int64_t signed_number = is_negative ? -number : number;
    if (reader.take(" ")) {
      const std::string_view unit = reader.word();
      if (unit.starts_with("year")) {
        interval.months += static_cast<std::int32_t>(signed_number * k_months_a_year);
      } else if (unit.starts_with("mon")) {
        interval.months += static_cast<std::int32_t>(signed_number);
      } else if (unit.starts_with("day")) {
        interval.days = static_cast<std::int32_t>(signed_number);
      } else {
        reader.fail_text();
      }
    } else {
      reader = before;
      const std::int64_t micros = reader.clock();
      interval.micros = is_negative ? -micros : micros;
    }
    if (!reader.is_at_end()) reader.expect(" ");
  }
  return interval;
}

}  // namespace spillway::drivers::supabase
