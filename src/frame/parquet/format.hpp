#pragma once

#include <cstdint>
#include <optional>

#include "engine/type.hpp"

/// The numbers of the Parquet format (parquet.thrift) that its writer uses.
namespace spillway::frame::parquet {

enum class PhysicalType : std::uint8_t {
  boolean = 0,
  int32 = 1,
  int64 = 2,
  float_ = 4,
  double_ = 5,
  byte_array = 6,
  fixed_len_byte_array = 7
};

enum class Encoding : std::uint8_t {
  plain = 0,
  rle = 3,  ///< the levels of every page
  delta_binary_packed = 5,
  delta_length_byte_array = 6,
  rle_dictionary = 8,
  byte_stream_split = 9
};

enum class PageType : std::uint8_t { dictionary = 2, data_v2 = 3 };

enum class ConvertedType : std::uint8_t {
  utf8 = 0,
  decimal = 5,
  date = 6,
  timestamp_micros = 10,
  uint_8 = 11,
  uint_16 = 12,
  uint_32 = 13,
  uint_64 = 14,
  int_8 = 15,
  int_16 = 16,
  int_32 = 17,
  int_64 = 18,
  json = 19
};

/// The members of the union LogicalType.
enum class LogicalType : std::uint8_t {
  string = 1,
  decimal = 5,
  date = 6,
  time = 7,
  timestamp = 8,
  integer = 10,
  json = 12,
  uuid = 14
};

/// The members of the union TimeUnit.
enum class TimeUnit : std::uint8_t { micros = 2, nanos = 3 };

constexpr int k_codec_zstd = 6;
constexpr int k_optional = 1;     ///< FieldRepetitionType
constexpr int k_wide_bytes = 16;  ///< a UUID, or a DECIMAL of more than 18 digits

/// How Parquet stores cells of a type that it keeps.
struct ColumnFormat {
  PhysicalType physical = PhysicalType::boolean;
  std::optional<ConvertedType> converted = std::nullopt;  ///< what readers knew before there were logical types
  std::optional<LogicalType> logical = std::nullopt;
  TimeUnit unit = TimeUnit::micros;  ///< of a time or timestamp
  bool is_utc = false;               ///< of a timestamp
  std::uint8_t bits = 0;             ///< of an integer
  bool is_signed = true;             ///< of an integer
  /// Whether the least and the greatest value of a row group are told: of integers that readers compare as such.
  bool has_bounds = false;
};

/// Nothing for a type that is nested, or that Parquet changes (frame/carrier.hpp).
std::optional<ColumnFormat> format_of(const engine::Type& type);

}  // namespace spillway::frame::parquet
