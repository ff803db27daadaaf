#include "drivers/mysql/decode.hpp"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::drivers::mysql {
namespace {

using engine::Int128;
using engine::Interval;
using engine::UInt128;
using engine::VectorWriter;

constexpr std::int64_t k_micros_a_second = 1'000'000;
constexpr std::int64_t k_seconds_a_day = 86'400;
constexpr std::int64_t k_micros_a_day = k_seconds_a_day * k_micros_a_second;

[[noreturn]] void fail_value(std::string reason, std::string hint = {}) {
  fail(ErrorCode::bad_data, std::move(reason), std::move(hint));
}

[[noreturn]] void fail_size(std::string_view bytes) {
  fail_value(fmt::format("the server sent {} bytes, which the type never has", bytes.size()));
}

template <typename T>
T number_at(std::string_view bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// A date, and a time of the day in microseconds, as the protocol packs them: what is zero at the end is left out.
struct Packed {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  std::int64_t micros = 0;
};

std::int64_t clock_micros(std::string_view bytes, std::size_t at) {
  constexpr std::int64_t k_minutes = 60;
  const std::int64_t hour = number_at<std::uint8_t>(bytes, at);
  const std::int64_t minute = number_at<std::uint8_t>(bytes, at + 1);
  const std::int64_t second = number_at<std::uint8_t>(bytes, at + 2);
  return ((hour * k_minutes + minute) * k_minutes + second) * k_micros_a_second;
}

Packed unpack(std::string_view bytes) {
  constexpr std::size_t k_date_bytes = 4;
  constexpr std::size_t k_clock_bytes = 7;
  constexpr std::size_t k_micros_bytes = 11;
  Packed packed;
  if (bytes.empty()) return packed;
  if (bytes.size() != k_date_bytes && bytes.size() != k_clock_bytes && bytes.size() != k_micros_bytes) {
    fail_size(bytes);
  }
  packed.year = number_at<std::uint16_t>(bytes, 0);
  packed.month = number_at<std::uint8_t>(bytes, 2);
  packed.day = number_at<std::uint8_t>(bytes, 3);
  if (bytes.size() > k_date_bytes) packed.micros = clock_micros(bytes, k_date_bytes);
  if (bytes.size() > k_clock_bytes) packed.micros += number_at<std::uint32_t>(bytes, k_clock_bytes);
  return packed;
}

/// Days since 1970; nothing for a date that the calendar does not have (2024-00-10, 2024-02-30), which the server may
/// hold where its mode allows it.
std::optional<std::int32_t> days_of(const Packed& packed) {
  const std::chrono::year_month_day date{std::chrono::year(packed.year), std::chrono::month(packed.month),
                                         std::chrono::day(packed.day)};
  if (!date.ok()) return std::nullopt;
  return static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

void set_no_date(const ColumnReader& reader, const Packed& packed, VectorWriter& vector, std::uint64_t row) {
  if (reader.zero_date_is_null) return vector.set_null(row);
  fail_value(fmt::format("the calendar has no {:04}-{:02}-{:02}", packed.year, packed.month, packed.day),
             "zero_date: null reads such dates as NULL");
}

/// A TIME in microseconds, negative ones too.
std::int64_t time_micros(std::string_view bytes) {
  constexpr std::size_t k_clock_at = 5;
  constexpr std::size_t k_seconds_bytes = 8;
  constexpr std::size_t k_time_bytes = 12;
  if (bytes.empty()) return 0;
  if (bytes.size() != k_seconds_bytes && bytes.size() != k_time_bytes) fail_size(bytes);
  std::int64_t micros = number_at<std::uint32_t>(bytes, 1) * k_micros_a_day + clock_micros(bytes, k_clock_at);
  if (bytes.size() == k_time_bytes) micros += number_at<std::uint32_t>(bytes, k_seconds_bytes);
  return bytes[0] != 0 ? -micros : micros;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

[[noreturn]] void fail_decimal(std::string_view bytes) {
  fail_value(fmt::format("the server sent '{}', which is no DECIMAL", bytes));
}

}  // namespace

void expect_size(std::string_view bytes, std::size_t size) {
  if (bytes.size() != size) fail_size(bytes);
}

void decode_boolean(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  expect_size(bytes, 1);
  const auto value = number_at<std::int8_t>(bytes, 0);
  if (value != 0 && value != 1) {
    fail_value(fmt::format("{} is neither 0 nor 1", value), "tinyint1: integer reads TINYINT(1) as a number");
  }
  vector.set(row, value == 1);
}

void decode_bytes(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  vector.set_text(row, bytes);
}

void decode_decimal(const ColumnReader& reader, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  constexpr unsigned k_base = 10;
  constexpr std::size_t k_digits_of_64_bits = 18;
  constexpr std::size_t k_digits_of_128_bits = 38;
  const bool is_negative = bytes.starts_with('-');
  std::string_view digits = bytes.substr(is_negative ? 1 : 0);
  while (digits.starts_with('0')) digits.remove_prefix(1);
  std::uint64_t low = 0;  // the first digits by themselves: 128 bits are slow, and seldom needed
  UInt128 value = 0;
  std::size_t count = 0;
  std::size_t behind_point = 0;
  bool is_behind_point = false;
  for (const char c : digits) {
    if (c == '.' && !is_behind_point) {
      is_behind_point = true;
      continue;
    }
    const auto digit = static_cast<unsigned>(c - '0');
    if (digit >= k_base) fail_decimal(bytes);
    behind_point += is_behind_point ? 1 : 0;
    if (count > 0 || digit > 0) ++count;
    if (count <= k_digits_of_64_bits) {
      low = low * k_base + digit;
      value = low;
    } else if (count <= k_digits_of_128_bits) {
      value = value * k_base + digit;
    }
  }
  if (behind_point != reader.type.scale) fail_decimal(bytes);
  if (count > k_digits_of_128_bits) {
    fail_value(fmt::format("the number {} is too large for {}", bytes, reader.type.to_sql()),
               "wide_decimal takes text or double; or cast the column in the query");
  }
  const auto unscaled = static_cast<Int128>(value);
  vector.set_decimal(row, is_negative ? -unscaled : unscaled);
}

void decode_decimal_as_double(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  double value = 0;
  const char* end = bytes.data() + bytes.size();
  const auto [stop, status] = std::from_chars(bytes.data(), end, value);
  if (status != std::errc() || stop != end) fail_decimal(bytes);
  vector.set(row, value);
}

void decode_bit(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  constexpr unsigned k_byte_bits = 8;
  if (bytes.size() > sizeof(std::uint64_t)) fail_size(bytes);
  std::uint64_t value = 0;
  for (const char byte : bytes) value = (value << k_byte_bits) | static_cast<unsigned char>(byte);
  vector.set(row, value);
}

void decode_date(const ColumnReader& reader, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  const Packed packed = unpack(bytes);
  if (const auto days = days_of(packed)) {
    vector.set(row, *days);
  } else {
    set_no_date(reader, packed, vector, row);
  }
}

void decode_timestamp(const ColumnReader& reader, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  const Packed packed = unpack(bytes);
  if (const auto days = days_of(packed)) {
    vector.set(row, *days * k_micros_a_day + packed.micros);
  } else {
    set_no_date(reader, packed, vector, row);
  }
}

void decode_time(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  const std::int64_t micros = time_micros(bytes);
  if (micros < 0 || micros >= k_micros_a_day) {
    fail_value("the TIME is no time of a day", "time: interval reads TIME as INTERVAL, from -838:59:59 to 838:59:59");
  }
  vector.set(row, micros);
}

void decode_interval(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  vector.set(row, Interval{0, 0, time_micros(bytes)});
}

void decode_uuid(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  constexpr unsigned k_digit_bits = 4;
  constexpr unsigned k_digits = 32;
  UInt128 value = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    if (c == '-') continue;
    const int digit = hex_digit(c);
    if (digit < 0) fail_value("the server sent a UUID that cannot be read");
    value = (value << k_digit_bits) | static_cast<unsigned>(digit);
    ++count;
  }
  if (count != k_digits) fail_size(bytes);
  vector.set(row, static_cast<Int128>(value ^ (UInt128{1} << 127U)));
}

}  // namespace spillway::drivers::mysql
