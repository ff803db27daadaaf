#include "frame/parquet/format.hpp"

namespace spillway::frame::parquet {
namespace {

using engine::Type;
using engine::TypeId;

constexpr std::uint8_t k_max_width_int32 = 9;
constexpr std::uint8_t k_max_width_int64 = 18;

ColumnFormat integer(PhysicalType physical, ConvertedType converted, std::uint8_t bits, bool is_signed) {
  return {.physical = physical,
          .converted = converted,
          .logical = LogicalType::integer,
          .bits = bits,
          .is_signed = is_signed,
          .has_bounds = true};
}

ColumnFormat decimal(std::uint8_t width) {
  ColumnFormat format{.converted = ConvertedType::decimal, .logical = LogicalType::decimal};
  format.has_bounds = width <= k_max_width_int64;
  format.physical = width <= k_max_width_int32   ? PhysicalType::int32
                    : width <= k_max_width_int64 ? PhysicalType::int64
                                                 : PhysicalType::fixed_len_byte_array;
  return format;
}

ColumnFormat text(const Type& type) {
  if (type.alias == "JSON") {
    return {.physical = PhysicalType::byte_array, .converted = ConvertedType::json, .logical = LogicalType::json};
  }
  return {.physical = PhysicalType::byte_array, .converted = ConvertedType::utf8, .logical = LogicalType::string};
}

}  // namespace

std::optional<ColumnFormat> format_of(const Type& type) {
  switch (type.id) {
    case TypeId::boolean:
      return ColumnFormat{.physical = PhysicalType::boolean};
    case TypeId::tinyint:
      return integer(PhysicalType::int32, ConvertedType::int_8, 8, true);
    case TypeId::smallint:
      return integer(PhysicalType::int32, ConvertedType::int_16, 16, true);
    case TypeId::integer:
      return integer(PhysicalType::int32, ConvertedType::int_32, 32, true);
    case TypeId::bigint:
      return integer(PhysicalType::int64, ConvertedType::int_64, 64, true);
    case TypeId::utinyint:
      return integer(PhysicalType::int32, ConvertedType::uint_8, 8, false);
    case TypeId::usmallint:
      return integer(PhysicalType::int32, ConvertedType::uint_16, 16, false);
    case TypeId::uinteger:
      return integer(PhysicalType::int32, ConvertedType::uint_32, 32, false);
    case TypeId::ubigint:
      return integer(PhysicalType::int64, ConvertedType::uint_64, 64, false);
    case TypeId::float_:
      return ColumnFormat{.physical = PhysicalType::float_};
    case TypeId::double_:
      return ColumnFormat{.physical = PhysicalType::double_};
    case TypeId::decimal:
      return decimal(type.width);
    case TypeId::date:
      return ColumnFormat{.physical = PhysicalType::int32,
                          .converted = ConvertedType::date,
                          .logical = LogicalType::date,
                          .has_bounds = true};
    case TypeId::time:
      return ColumnFormat{.physical = PhysicalType::int64, .logical = LogicalType::time};
    case TypeId::time_ns:
      return ColumnFormat{.physical = PhysicalType::int64, .logical = LogicalType::time, .unit = TimeUnit::nanos};
    case TypeId::timestamp:
      return ColumnFormat{.physical = PhysicalType::int64, .logical = LogicalType::timestamp, .has_bounds = true};
    case TypeId::timestamp_tz:
      return ColumnFormat{.physical = PhysicalType::int64,
                          .converted = ConvertedType::timestamp_micros,
                          .logical = LogicalType::timestamp,
                          .is_utc = true,
                          .has_bounds = true};
    case TypeId::timestamp_ns:
      return ColumnFormat{
          .physical = PhysicalType::int64, .logical = LogicalType::timestamp, .unit = TimeUnit::nanos};
    case TypeId::varchar:
      return text(type);
    case TypeId::blob:
      return ColumnFormat{.physical = PhysicalType::byte_array};
    case TypeId::uuid:
      return ColumnFormat{.physical = PhysicalType::fixed_len_byte_array, .logical = LogicalType::uuid};
    default:
      return std::nullopt;
  }
}

}  // namespace spillway::frame::parquet
