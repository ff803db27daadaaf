#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/type.hpp"

/// NUMERIC on the wire: digits to the base of 10,000, the weight of the first one, a sign and a display scale.
namespace spillway::drivers::postgres {

/// What NUMERIC(p,s) says. The scale may be negative (zeros in front of the point) or beyond the precision.
struct DeclaredNumeric {
  int precision = 0;
  int scale = 0;
};
/// Nothing for a NUMERIC without them.
std::optional<DeclaredNumeric> declared_numeric(int type_modifier);

enum class NumericOutcome {
  ok,
  nan,
  infinity,
  too_many_decimals,  ///< digits behind the point would be lost
  too_large,          ///< more digits than the width holds
  malformed,
};

/// Reads a NUMERIC as the unscaled integer of a DECIMAL(width, scale), exactly or not at all.
NumericOutcome read_numeric(std::string_view bytes, std::uint8_t width, std::uint8_t scale, engine::Int128& unscaled);

/// Appends `unscaled` / 10^scale as a NUMERIC, without its length.
void append_numeric(std::string& bytes, engine::Int128 unscaled, std::uint8_t scale);
/// The same for integers beyond a signed 128 bits.
void append_numeric_unsigned(std::string& bytes, engine::UInt128 value);

}  // namespace spillway::drivers::postgres
