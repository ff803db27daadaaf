#include "drivers/postgres/numeric.hpp"

#include <algorithm>
#include <array>

#include "drivers/postgres/wire.hpp"

namespace spillway::drivers::postgres {
namespace {

using engine::Int128;
using engine::UInt128;

constexpr int k_base = 10000;
constexpr int k_base_digits = 4;
constexpr std::size_t k_header_bytes = 8;
constexpr std::uint16_t k_positive = 0x0000;
constexpr std::uint16_t k_negative = 0x4000;
constexpr std::uint16_t k_nan = 0xC000;
constexpr std::uint16_t k_infinity = 0xD000;
constexpr std::uint16_t k_negative_infinity = 0xF000;
constexpr std::size_t k_max_digits = 12;  ///< of base 10,000 in an unsigned 128-bit integer with any scale

constexpr auto k_powers = [] {
  std::array<Int128, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

/// Adds digit * 10^exponent; fails where that is no integer, or is too large.
NumericOutcome add_digit(Int128& sum, int digit, int exponent) {
  if (digit == 0) return NumericOutcome::ok;
  if (exponent < 0) {
    if (exponent <= -k_base_digits) return NumericOutcome::too_many_decimals;
    const auto divisor = static_cast<int>(k_powers[static_cast<std::size_t>(-exponent)]);
    if (digit % divisor != 0) return NumericOutcome::too_many_decimals;
    sum += digit / divisor;
    return NumericOutcome::ok;
  }
  Int128 term = 0;
  const auto power = static_cast<std::size_t>(exponent);
  if (power >= k_powers.size() || __builtin_mul_overflow(k_powers[power], Int128{digit}, &term) ||
      __builtin_add_overflow(sum, term, &sum)) {
    return NumericOutcome::too_large;
  }
  return NumericOutcome::ok;
}

/// The digits of `value` to the base of 10,000, the lowest first.
struct Digits {
  std::array<std::int16_t, k_max_digits> values{};
  std::size_t count = 0;

  explicit Digits(UInt128 value) {
    while (value != 0) {
      values[count++] = static_cast<std::int16_t>(value % k_base);
      value /= k_base;
    }
  }
};

void append(std::string& bytes, UInt128 magnitude, bool is_negative, std::uint8_t scale) {
  // The point must fall between two digits of base 10,000.
  const int decimals = (scale + k_base_digits - 1) / k_base_digits;
  const auto padding = static_cast<std::size_t>(decimals * k_base_digits - scale);
  const auto pad = static_cast<UInt128>(k_powers[padding]);
  // The pad could overflow: the lowest digit is then made by itself.
  const auto low_unit = static_cast<UInt128>(k_base) / pad;
  const UInt128 high = padding == 0 ? magnitude : magnitude / low_unit;
  const UInt128 low = padding == 0 ? 0 : (magnitude % low_unit) * pad;
  const Digits digits(high);
  const std::size_t extra = padding == 0 ? 0 : 1;
  const std::size_t count = digits.count + extra;
  const auto digit = [&](std::size_t i) {  // from the highest
    const std::size_t from_low = count - 1 - i;
    return extra != 0 && from_low == 0 ? static_cast<std::int16_t>(low) : digits.values[from_low - extra];
  };
  std::size_t used = count;
  while (used > 0 && digit(used - 1) == 0) --used;
  std::size_t first = 0;
  while (first < used && digit(first) == 0) ++first;
  const int weight = static_cast<int>(count - first) - 1 - decimals;
  append_number(bytes, static_cast<std::int16_t>(used - first));
  append_number(bytes, static_cast<std::int16_t>(used == first ? 0 : weight));
  append_number(bytes, is_negative && used != first ? k_negative : k_positive);
  append_number(bytes, static_cast<std::uint16_t>(scale));
  for (std::size_t i = first; i < used; ++i) append_number(bytes, digit(i));
}

}  // namespace

std::optional<DeclaredNumeric> declared_numeric(int type_modifier) {
  constexpr int k_header = 4;
  constexpr int k_sign_bit = 1024;
  if (type_modifier < k_header) return std::nullopt;
  return DeclaredNumeric{((type_modifier - k_header) >> 16) & 0xffff,
                         (((type_modifier - k_header) & 0x7ff) ^ k_sign_bit) - k_sign_bit};
}

NumericOutcome read_numeric(std::string_view bytes, std::uint8_t width, std::uint8_t scale, Int128& unscaled) {
  if (bytes.size() < k_header_bytes) return NumericOutcome::malformed;
  const char* const data = bytes.data();
  const auto count = read_number<std::int16_t>(data);
  const int weight = read_number<std::int16_t>(data + 2);
  const auto sign = read_number<std::uint16_t>(data + 4);
  if (sign == k_nan) return NumericOutcome::nan;
  if (sign == k_infinity || sign == k_negative_infinity) return NumericOutcome::infinity;
  if (count < 0 || bytes.size() != k_header_bytes + 2 * static_cast<std::size_t>(count)) {
    return NumericOutcome::malformed;
  }
  Int128 sum = 0;
  const char* at = data + k_header_bytes;
  int exponent = weight * k_base_digits + scale;
  for (int i = 0; i < count; ++i, at += 2, exponent -= k_base_digits) {
    const NumericOutcome outcome = add_digit(sum, read_number<std::int16_t>(at), exponent);
    if (outcome != NumericOutcome::ok) return outcome;
  }
  if (sum >= k_powers[std::min<std::size_t>(width, k_powers.size() - 1)]) return NumericOutcome::too_large;
  unscaled = sign == k_negative ? -sum : sum;
  return NumericOutcome::ok;
}

void append_numeric(std::string& bytes, Int128 unscaled, std::uint8_t scale) {
  const bool is_negative = unscaled < 0;
  const auto magnitude = is_negative ? ~static_cast<UInt128>(unscaled) + 1 : static_cast<UInt128>(unscaled);
  append(bytes, magnitude, is_negative, scale);
}

void append_numeric_unsigned(std::string& bytes, UInt128 value) { append(bytes, value, false, 0); }

}  // namespace spillway::drivers::postgres
