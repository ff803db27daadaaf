#include "drivers/mysql/column_type.hpp"

#include "drivers/mysql/decode.hpp"

namespace spillway::drivers::mysql {
namespace {

using engine::Type;
using engine::TypeId;

constexpr unsigned k_binary_charset = 63;
constexpr unsigned long k_max_width = 38;
constexpr auto k_mysql_json =
    static_cast<enum_field_types>(245);  // MySQL's; MariaDB has it as an attribute of a text

/// Digits of a DECIMAL: its longest text without the sign and the point.
unsigned long decimal_width(const ServerColumn& column) {
  const unsigned long others = (column.decimals > 0 ? 1U : 0U) + (column.is_unsigned() ? 0U : 1U);
  return column.length > others ? column.length - others : 1;
}

ColumnReader::Decode integer_decode(const ServerColumn& column) {
  switch (column.type) {
    case MYSQL_TYPE_TINY:
      return column.is_unsigned() ? sql::k_each<decode_integer<std::uint8_t>>
                                  : sql::k_each<decode_integer<std::int8_t>>;
    case MYSQL_TYPE_SHORT:
      return column.is_unsigned() ? sql::k_each<decode_integer<std::uint16_t>>
                                  : sql::k_each<decode_integer<std::int16_t>>;
    case MYSQL_TYPE_LONGLONG:
      return column.is_unsigned() ? sql::k_each<decode_integer<std::uint64_t>>
                                  : sql::k_each<decode_integer<std::int64_t>>;
    default:
      return column.is_unsigned() ? sql::k_each<decode_integer<std::uint32_t>>
                                  : sql::k_each<decode_integer<std::int32_t>>;
  }
}

TypeId integer_type(const ServerColumn& column) {
  switch (column.type) {
    case MYSQL_TYPE_TINY:
      return column.is_unsigned() ? TypeId::utinyint : TypeId::tinyint;
    case MYSQL_TYPE_SHORT:
      return column.is_unsigned() ? TypeId::usmallint : TypeId::smallint;
    case MYSQL_TYPE_LONGLONG:
      return column.is_unsigned() ? TypeId::ubigint : TypeId::bigint;
    default:
      return column.is_unsigned() ? TypeId::uinteger : TypeId::integer;
  }
}

ColumnReader reader(Type type, ColumnReader::Decode decode) {
  ColumnReader made;
  made.type = std::move(type);
  made.decode = decode;
  return made;
}

ColumnReader decimal_reader(const ServerColumn& column, ReadPolicy::WideDecimal policy) {
  const unsigned long width = decimal_width(column);
  const auto scale = static_cast<std::uint8_t>(column.decimals);
  if (width <= k_max_width) {
    return reader(Type::decimal(static_cast<std::uint8_t>(std::max<unsigned long>(width, scale)), scale),
                  sql::k_each<decode_decimal>);
  }
  switch (policy) {
    case ReadPolicy::WideDecimal::text:
      return reader(TypeId::varchar, sql::k_each<decode_bytes>);
    case ReadPolicy::WideDecimal::double_:
      return reader(TypeId::double_, sql::k_each<decode_decimal_as_double>);
    case ReadPolicy::WideDecimal::decimal:
      break;
  }
  return reader(Type::decimal(k_max_width, scale), sql::k_each<decode_decimal>);
}

ColumnReader text_reader(const ServerColumn& column) {
  if (column.extended == "json" || column.type == k_mysql_json)
    return reader(Type::json(), sql::k_each<decode_bytes>);
  if (column.extended == "uuid") return reader(TypeId::uuid, sql::k_each<decode_uuid>);
  // Addresses are texts to the client, although the server calls their bytes binary.
  const bool is_address = column.extended == "inet4" || column.extended == "inet6";
  const bool is_bytes = column.charset == k_binary_charset && !is_address;
  return reader(is_bytes ? TypeId::blob : TypeId::varchar, sql::k_each<decode_bytes>);
}

ColumnReader reader_of(const ServerColumn& column, const ReadPolicy& policy) {
  switch (column.type) {
    case MYSQL_TYPE_TINY:
      if (policy.tinyint1_is_boolean && column.length == 1 && !column.is_unsigned()) {
        return reader(TypeId::boolean, sql::k_each<decode_boolean>);
      }
      [[fallthrough]];
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
      return reader(integer_type(column), integer_decode(column));
    case MYSQL_TYPE_YEAR:
      return reader(TypeId::smallint, sql::k_each<decode_integer<std::int16_t>>);
    case MYSQL_TYPE_FLOAT:
      return reader(TypeId::float_, sql::k_each<decode_integer<float>>);
    case MYSQL_TYPE_DOUBLE:
      return reader(TypeId::double_, sql::k_each<decode_integer<double>>);
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
      return decimal_reader(column, policy.wide_decimal);
    case MYSQL_TYPE_BIT:
      return reader(TypeId::ubigint, sql::k_each<decode_bit>);
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
      return reader(TypeId::date, sql::k_each<decode_date>);
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_DATETIME2:
      return reader(TypeId::timestamp, sql::k_each<decode_timestamp>);
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_TIMESTAMP2:
      return reader(TypeId::timestamp_tz, sql::k_each<decode_timestamp>);
    case MYSQL_TYPE_TIME:
    case MYSQL_TYPE_TIME2:
      return policy.time_is_interval ? reader(TypeId::interval, sql::k_each<decode_interval>)
                                     : reader(TypeId::time, sql::k_each<decode_time>);
    case MYSQL_TYPE_NULL:
      return reader(TypeId::varchar, sql::k_each<decode_bytes>);
    default:
      return text_reader(column);
  }
}

}  // namespace

ReadPolicy read_policy(const nlohmann::json& config) {
  ReadPolicy policy;
  const auto is = [&](const char* option, const char* value) { return config.at(option) == value; };
  if (is("wide_decimal", "text")) policy.wide_decimal = ReadPolicy::WideDecimal::text;
  if (is("wide_decimal", "double")) policy.wide_decimal = ReadPolicy::WideDecimal::double_;
  policy.tinyint1_is_boolean = is("tinyint1", "boolean");
  policy.time_is_interval = is("time", "interval");
  policy.zero_date_is_null = is("zero_date", "null");
  return policy;
}

std::vector<ColumnReader> column_readers(const std::vector<ServerColumn>& columns, const ReadPolicy& policy) {
  std::vector<ColumnReader> readers;
  for (const ServerColumn& column : columns) {
    readers.push_back(reader_of(column, policy));
    readers.back().name = column.name;
    readers.back().zero_date_is_null = policy.zero_date_is_null;
  }
  return readers;
}

}  // namespace spillway::drivers::mysql
