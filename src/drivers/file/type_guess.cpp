#include "drivers/file/type_guess.hpp"

#include <algorithm>

#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::Type;
using engine::TypeId;

constexpr std::uint32_t k_exact_double_digits = 15;    ///< every integer of so many digits is a DOUBLE
constexpr std::uint32_t k_written_double_digits = 17;  ///< more are never needed to write a DOUBLE
constexpr std::uint32_t k_small_digits = 12;
constexpr std::uint32_t k_microseconds = 6;
constexpr std::uint32_t k_nanoseconds = 9;

/// Whether the integer `text` lies outside of what the limits, both of `digits` digits, allow.
bool is_beyond(std::string_view text, std::string_view max, std::string_view min) {
  const bool is_negative = text.front() == '-';
  const std::string_view digits = text.substr(is_negative ? 1 : 0);
  const std::string_view limit = is_negative ? min : max;
  return digits.size() > limit.size() || (digits.size() == limit.size() && digits > limit);
}

bool has_nanosecond_year(std::string_view timestamp) {
  return timestamp.substr(0, 4) >= "1678" && timestamp.substr(0, 4) <= "2261";
}

}  // namespace

void TypeGuess::observe(std::string_view text) {
  if (text.empty()) {
    m_has_empty = true;
    return;
  }
  if (has(Kind::text)) return;  // nothing can change the guess any more
  const Classified classified = classify(text, m_decimal_separator);
  m_kinds |= bit(classified.kind);
  m_integer_digits = std::max(m_integer_digits, classified.integer_digits);
  m_significant_digits = std::max(m_significant_digits, classified.significant_digits);
  m_fraction_digits = std::max(m_fraction_digits, classified.fraction_digits);
  if (classified.kind == Kind::integer && classified.integer_digits > k_exact_double_digits) {
    const std::string_view trimmed = trim(text);
    m_beyond_bigint |= is_beyond(trimmed, "9223372036854775807", "9223372036854775808");
    m_beyond_hugeint |=
        is_beyond(trimmed, "170141183460469231731687303715884105727", "170141183460469231731687303715884105728");
  }
  if (classified.kind == Kind::timestamp) m_beyond_nanoseconds |= !has_nanosecond_year(text);
}

Type TypeGuess::type() const {
  if (has_only({Kind::integer})) return integer_type();
  if (has_only({Kind::integer, Kind::decimal, Kind::not_a_number}) && (has(Kind::integer) || has(Kind::decimal))) {
    const bool is_exact =
        m_integer_digits <= k_exact_double_digits && m_significant_digits <= k_written_double_digits;
    return is_exact ? TypeId::double_ : TypeId::varchar;
  }
  if (has_only({Kind::boolean})) return TypeId::boolean;
  if (has_only({Kind::date})) return TypeId::date;
  if (has_only({Kind::time}) && m_fraction_digits <= k_microseconds) return TypeId::time;
  if (has_only({Kind::timestamp})) return timestamp_type();
  if (has_only({Kind::timestamp_tz}) && m_fraction_digits <= k_microseconds) return TypeId::timestamp_tz;
  return TypeId::varchar;
}

bool TypeGuess::fits_double() const { return m_integer_digits <= k_small_digits; }

bool TypeGuess::has_only(std::initializer_list<Kind> kinds) const {
  std::uint32_t allowed = 0;
  for (const Kind kind : kinds) allowed |= bit(kind);
  return m_kinds != 0 && (m_kinds & ~allowed) == 0;
}

Type TypeGuess::integer_type() const {
  if (m_beyond_hugeint) return TypeId::varchar;
  return m_beyond_bigint ? TypeId::hugeint : TypeId::bigint;
}

Type TypeGuess::timestamp_type() const {
  if (m_fraction_digits <= k_microseconds) return TypeId::timestamp;
  const bool fits = m_fraction_digits <= k_nanoseconds && !m_beyond_nanoseconds;
  return fits ? TypeId::timestamp_ns : TypeId::varchar;
}

}  // namespace spillway::drivers::file
