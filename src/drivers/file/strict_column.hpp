#pragma once

#include <string>
#include <vector>

#include "engine/type.hpp"

/// The engine's readers and casts change values silently: 3.5 becomes 4 in a BIGINT, a DATE forgets its time of day,
/// a TIMESTAMP its offset, a DECIMAL its last digits, and what is no TIMESTAMPTZ becomes NULL. A strict column is
/// delivered as a carrier type that keeps the value, and converted by an expression that refuses to lose anything.
namespace spillway::drivers::file {

/// How dates and numbers are written in a text.
struct TextFormats {
  std::string date;       ///< strptime; empty: ISO 8601
  std::string timestamp;  ///< strptime; empty: ISO 8601
  char decimal_separator = '.';
};

struct StrictColumn {
  std::string name;
  engine::Type type;
  engine::Type carrier;   ///< what the engine's reader is asked for
  std::string value;      ///< SQL: the carrier's value
  std::string converted;  ///< SQL: NULL when the value cannot be converted as it is; empty when carrier is type
  /// SQL: for most values a cheaper way to the same end: when `is_simple` holds, `simple` is `converted`.
  std::string is_simple;
  std::string simple;

  bool is_converted() const { return !converted.empty(); }
  /// SQL: whether the value is lost in the conversion.
  std::string is_lost() const;
  /// SQL: the converted value; a value that would be lost ends the statement.
  std::string or_error() const;
};

/// A column that the reader delivers in its type.
StrictColumn as_it_is(std::string name, engine::Type type);
/// An integer column that is read as DOUBLE, which is quicker than a text: for values below 2^53.
StrictColumn integer_from_double(std::string name, engine::Type type);
/// A DATE column read as TIMESTAMP.
StrictColumn date_from_timestamp(std::string name);

/// How a text becomes a value.
struct TextRules {
  TextFormats formats;
  bool empty_is_null = false;
  bool keeps_digits = false;  ///< 007 and +7 are no integers
  std::string value;          ///< SQL: the text; empty: the column itself
};
/// A column of any type that is read as text.
StrictColumn from_text(std::string name, engine::Type type, const TextRules& rules);

}  // namespace spillway::drivers::file
