#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::engine {

/// DuckDB's logical types; the numbers are those of its C API. Comments give the C++ type of a cell.
enum class TypeId : int {
  invalid = 0,
  boolean = 1,       ///< bool
  tinyint = 2,       ///< std::int8_t
  smallint = 3,      ///< std::int16_t
  integer = 4,       ///< std::int32_t
  bigint = 5,        ///< std::int64_t
  utinyint = 6,      ///< std::uint8_t
  usmallint = 7,     ///< std::uint16_t
  uinteger = 8,      ///< std::uint32_t
  ubigint = 9,       ///< std::uint64_t
  float_ = 10,       ///< float
  double_ = 11,      ///< double
  timestamp = 12,    ///< std::int64_t, microseconds since 1970 without zone
  date = 13,         ///< std::int32_t, days since 1970
  time = 14,         ///< std::int64_t, microseconds since midnight
  interval = 15,     ///< Interval
  hugeint = 16,      ///< Int128
  varchar = 17,      ///< std::string_view, UTF-8
  blob = 18,         ///< std::string_view, bytes
  decimal = 19,      ///< int16_t, int32_t, int64_t or Int128 for widths up to 4, 9, 18 and 38: value * 10^scale
  timestamp_s = 20,  ///< std::int64_t, seconds
  timestamp_ms = 21,
  timestamp_ns = 22,
  enum_ = 23,    ///< uint8_t, uint16_t or uint32_t by dictionary size: index into names
  list = 24,     ///< ListEntry into the child
  struct_ = 25,  ///< one child vector a member
  map = 26,      ///< ListEntry into a child of STRUCT(key, value)
  uuid = 27,     ///< Int128 with the top bit flipped
  union_ = 28,
  bit = 29,
  time_tz = 30,
  timestamp_tz = 31,  ///< std::int64_t, microseconds since 1970 UTC
  uhugeint = 32,      ///< UInt128
  array = 33,
  bignum = 35,
  sql_null = 36,
  time_ns = 39,  ///< std::int64_t, nanoseconds since midnight
  geometry = 40,
  variant = 41,
};

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

struct Interval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t micros = 0;
};

struct ListEntry {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// A column's type as a plain value.
struct Type {
  TypeId id = TypeId::invalid;
  std::uint8_t width = 0;  ///< decimal: digits in all
  std::uint8_t scale = 0;  ///< decimal: digits behind the point
  std::uint64_t array_size = 0;
  std::string alias;               ///< "JSON" on a VARCHAR; empty otherwise
  std::vector<Type> children;      ///< list, array: element; map: key, value; struct, union: members
  std::vector<std::string> names;  ///< struct, union: members; enum: dictionary

  // NOLINTNEXTLINE(google-explicit-constructor): a plain type is written as its id
  Type(TypeId type_id = TypeId::invalid) : id(type_id) {}
  static Type decimal(std::uint8_t width, std::uint8_t scale);
  static Type list(Type element);
  static Type array(Type element, std::uint64_t size);
  static Type map(Type key, Type value);
  static Type structure(std::vector<std::string> names, std::vector<Type> members);
  static Type enumeration(std::vector<std::string> dictionary);
  static Type json();

  /// As SQL text that a CAST accepts, e.g. "DECIMAL(15,2)" or "STRUCT(a INTEGER, \"b c\" VARCHAR[])".
  std::string to_sql() const;
  bool operator==(const Type&) const = default;
};

/// LIST, ARRAY, STRUCT, MAP or UNION.
bool is_nested(const Type& type);
/// An integer whose values all fit Int128: any but UHUGEINT.
bool is_integer(TypeId id);
/// An integer of at most 32 bits: every value is a DOUBLE too.
bool is_small_integer(TypeId id);

struct Column {
  std::string name;
  Type type;
  bool operator==(const Column&) const = default;
};
using Schema = std::vector<Column>;

}  // namespace spillway::engine
