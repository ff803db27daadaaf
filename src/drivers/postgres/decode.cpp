#include "drivers/postgres/decode.hpp"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "drivers/postgres/numeric.hpp"
#include "drivers/postgres/oids.hpp"
#include "drivers/postgres/wire.hpp"
#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

using engine::Int128;
using engine::Interval;
using engine::TypeId;
using engine::UInt128;
using engine::VectorWriter;

[[noreturn]] void fail_value(std::string reason, std::string hint = {}) {
  fail(ErrorCode::bad_data, std::move(reason), std::move(hint));
}

void expect_size(std::string_view bytes, std::size_t size) {
  if (bytes.size() == size) return;
  fail_value(fmt::format("the server sent {} bytes where the type has {}", bytes.size(), size));
}

template <typename T>
T number(std::string_view bytes) {
  expect_size(bytes, sizeof(T));
  return read_number<T>(bytes.data());
}

template <typename T>
void decode_number(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  vector.set(row, number<T>(bytes));
}

void decode_bool(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  expect_size(bytes, 1);
  vector.set(row, bytes[0] != 0);
}

void decode_jsonb(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  if (bytes.empty() || bytes[0] != 1) fail_value("the server sent JSONB of an unknown version");
  vector.set_text(row, bytes.substr(1));
}

void decode_uuid(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  expect_size(bytes, sizeof(UInt128));
  const auto high = static_cast<UInt128>(read_number<std::uint64_t>(bytes.data()));
  const UInt128 all = (high << 64U) | read_number<std::uint64_t>(bytes.data() + sizeof(std::uint64_t));
  vector.set(row, static_cast<Int128>(all ^ (UInt128{1} << 127U)));
}

void decode_date(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  using Limits = std::numeric_limits<std::int32_t>;
  const auto days = number<std::int32_t>(bytes);
  if (days == Limits::max() || days == Limits::min()) {
    vector.set(row, days < 0 ? -Limits::max() : Limits::max());
    return;
  }
  std::int32_t since_1970 = 0;
  if (__builtin_add_overflow(days, k_epoch_days, &since_1970) || since_1970 == Limits::max()) {
    fail_value("the server sent a date that PostgreSQL does not have");
  }
  vector.set(row, since_1970);
}

void decode_timestamp(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  using Limits = std::numeric_limits<std::int64_t>;
  const auto micros = number<std::int64_t>(bytes);
  if (micros == Limits::max() || micros == Limits::min()) {
    vector.set(row, micros < 0 ? -Limits::max() : Limits::max());
    return;
  }
  std::int64_t since_1970 = 0;
  if (__builtin_add_overflow(micros, k_epoch_micros, &since_1970) || since_1970 == Limits::max()) {
    fail_value("the timestamp is beyond the year 294246, the last one that a TIMESTAMP holds",
               "cast the column to text in the query");
  }
  vector.set(row, since_1970);
}

void decode_time_tz(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  // The engine keeps the offset as what it lacks to the largest one, so that the bits sort.
  constexpr std::int64_t k_max_offset = 16 * 60 * 60 - 1;
  constexpr unsigned k_offset_bits = 24;
  expect_size(bytes, sizeof(std::int64_t) + sizeof(std::int32_t));
  const auto micros = read_number<std::int64_t>(bytes.data());
  const auto seconds_west = read_number<std::int32_t>(bytes.data() + sizeof(std::int64_t));
  const auto offset = static_cast<std::uint64_t>(k_max_offset + seconds_west);
  vector.set(row, (static_cast<std::uint64_t>(micros) << k_offset_bits) | offset);
}

void decode_interval(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  constexpr std::size_t k_days_at = 8;
  constexpr std::size_t k_months_at = 12;
  expect_size(bytes, sizeof(Interval));
  vector.set(row,
             Interval{read_number<std::int32_t>(bytes.data() + k_months_at),
                      read_number<std::int32_t>(bytes.data() + k_days_at), read_number<std::int64_t>(bytes.data())});
}

void decode_numeric(const ColumnReader& reader, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  Int128 unscaled = 0;
  switch (read_numeric(bytes, reader.type.width, reader.type.scale, unscaled)) {
    case NumericOutcome::ok:
      vector.set_decimal(row, unscaled);
      return;
    case NumericOutcome::nan:
    case NumericOutcome::infinity:
      if (reader.special_is_null) return vector.set_null(row);
      fail_value(fmt::format("NaN or Infinity is no {}", reader.type.to_sql()),
                 "special_numeric: null reads them as NULL, unbounded_numeric: text or double keeps them");
    case NumericOutcome::too_many_decimals:
      fail_value(fmt::format("the number has more digits behind the point than {} holds", reader.type.to_sql()),
                 "unbounded_numeric takes decimal(38,20), text or double; or cast the column in the query");
    case NumericOutcome::too_large:
      fail_value(fmt::format("the number is too large for {}", reader.type.to_sql()),
                 "unbounded_numeric takes decimal(38,0), text or double; or cast the column in the query");
    case NumericOutcome::malformed:
      break;
  }
  fail_value("the server sent a NUMERIC that cannot be read");
}

constexpr std::array k_native_types{
    NativeType{oid::k_bool, 1000, TypeId::boolean, sql::k_each<decode_bool>},
    NativeType{oid::k_bytea, 1001, TypeId::blob, sql::k_each<decode_text>},
    NativeType{oid::k_name, 1003, TypeId::varchar, sql::k_each<decode_text>},
    NativeType{oid::k_int8, 1016, TypeId::bigint, sql::k_each<decode_number<std::int64_t>>},
    NativeType{oid::k_int2, 1005, TypeId::smallint, sql::k_each<decode_number<std::int16_t>>},
    NativeType{oid::k_int4, 1007, TypeId::integer, sql::k_each<decode_number<std::int32_t>>},
    NativeType{oid::k_text, 1009, TypeId::varchar, sql::k_each<decode_text>},
    NativeType{oid::k_oid, 1028, TypeId::uinteger, sql::k_each<decode_number<std::uint32_t>>},
    NativeType{oid::k_json, 199, TypeId::varchar, sql::k_each<decode_text>},
    NativeType{oid::k_float4, 1021, TypeId::float_, sql::k_each<decode_number<float>>},
    NativeType{oid::k_float8, 1022, TypeId::double_, sql::k_each<decode_double>},
    NativeType{oid::k_bpchar, 1014, TypeId::varchar, sql::k_each<decode_text>},
    NativeType{oid::k_varchar, 1015, TypeId::varchar, sql::k_each<decode_text>},
    NativeType{oid::k_date, 1182, TypeId::date, sql::k_each<decode_date>},
    NativeType{oid::k_time, 1183, TypeId::time, sql::k_each<decode_number<std::int64_t>>},
    NativeType{oid::k_timestamp, 1115, TypeId::timestamp, sql::k_each<decode_timestamp>},
    NativeType{oid::k_timestamptz, 1185, TypeId::timestamp_tz, sql::k_each<decode_timestamp>},
    NativeType{oid::k_interval, 1187, TypeId::interval, sql::k_each<decode_interval>},
    NativeType{oid::k_timetz, 1270, TypeId::time_tz, sql::k_each<decode_time_tz>},
    NativeType{oid::k_numeric, 1231, TypeId::decimal, sql::k_each<decode_numeric>},
    NativeType{oid::k_uuid, 2951, TypeId::uuid, sql::k_each<decode_uuid>},
    NativeType{oid::k_jsonb, 3807, TypeId::varchar, sql::k_each<decode_jsonb>},
};

}  // namespace

const NativeType* find_native_type(Oid oid) {
  for (const NativeType& type : k_native_types) {
    if (type.oid == oid) return &type;
  }
  return nullptr;
}

const NativeType* find_native_element(Oid array_oid) {
  for (const NativeType& type : k_native_types) {
    if (type.array_oid == array_oid) return &type;
  }
  return nullptr;
}

void decode_text(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  vector.set_text(row, bytes);
}

void decode_checked_text(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  if (to_valid_utf8(bytes) != bytes) {
    fail_value("the text is not UTF-8, and the database's encoding SQL_ASCII does not say what it is",
               "convert it in the query: convert_from(column::bytea, 'LATIN1')");
  }
  vector.set_text(row, bytes);
}

void decode_double(const ColumnReader&, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  vector.set(row, number<double>(bytes));
}

void decode_list(const ColumnReader& reader, std::string_view bytes, VectorWriter& vector, std::uint64_t row) {
  constexpr std::size_t k_header = 12;    // dimensions, flags, the element's type
  constexpr std::size_t k_dimension = 8;  // length, lower bound
  constexpr std::size_t k_length_bytes = 4;
  if (bytes.size() < k_header) fail_value("the server sent an array that cannot be read");
  const auto dimensions = read_number<std::int32_t>(bytes.data());
  if (dimensions == 0) {
    vector.append_list(row, 0);
    return;
  }
  if (dimensions != 1) {
    fail_value(fmt::format("the array has {} dimensions, and a LIST has one", dimensions),
               "cast the column to text, or to_json(column), in the query");
  }
  if (bytes.size() < k_header + k_dimension) fail_value("the server sent an array that cannot be read");
  const auto count = static_cast<std::uint32_t>(read_number<std::int32_t>(bytes.data() + k_header));
  bytes.remove_prefix(k_header + k_dimension);
  // Before memory is taken for them.
  if (count > bytes.size() / k_length_bytes) fail_value("the server sent an array that ends too soon");
  const std::uint64_t offset = vector.append_list(row, count);
  const ColumnReader& element = reader.elements.front();
  for (std::uint32_t i = 0; i < count; ++i) {
    if (bytes.size() < k_length_bytes) fail_value("the server sent an array that ends too soon");
    const auto length = read_number<std::int32_t>(bytes.data());
    bytes.remove_prefix(k_length_bytes);
    const bool is_null = length < 0;
    const auto size = is_null ? 0 : static_cast<std::uint32_t>(length);
    if (bytes.size() < size) fail_value("the server sent an array that ends too soon");
    const sql::Field field{is_null ? nullptr : bytes.data(), size};
    element.decode(element, sql::Cells(field), vector.child(), offset + i);
    bytes.remove_prefix(size);
  }
}

}  // namespace spillway::drivers::postgres
