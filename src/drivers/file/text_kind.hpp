#pragma once

#include <cstdint>
#include <string_view>

namespace spillway::drivers::file {

/// What a text can be read as without losing any of it.
enum class Kind : std::uint8_t {
  text,          ///< nothing else: 01234, +49 30 123, 12E3 and 31.12.2020 are texts too
  integer,       ///< 42, -7
  decimal,       ///< 1.5, -.5, 1e-5, 2.5E10
  not_a_number,  ///< nan, inf and infinity: numbers among numbers, else words
  boolean,       ///< true, false
  date,          ///< 2020-01-31
  time,          ///< 12:30:00, 12:30:00.5
  timestamp,     ///< 2020-01-31 12:30:00 with a blank or a T, with or without seconds and their fraction
  timestamp_tz,  ///< the same followed by Z, +02, +0200 or +02:00
};

struct Classified {
  Kind kind = Kind::text;
  /// integer: its digits; decimal: those of its integer part.
  std::uint32_t integer_digits = 0;
  /// decimal: the digits between the first and the last that are not 0.
  std::uint32_t significant_digits = 0;
  /// time, timestamp: the digits of the second's fraction.
  std::uint32_t fraction_digits = 0;
};

/// Blanks around a number do not count; around anything else they make it a text.
Classified classify(std::string_view text, char decimal_separator = '.');

}  // namespace spillway::drivers::file
