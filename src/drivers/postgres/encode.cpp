#include "drivers/postgres/encode.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "drivers/postgres/numeric.hpp"
#include "drivers/postgres/oids.hpp"
#include "drivers/postgres/wire.hpp"
#include "engine/sql.hpp"

namespace spillway::drivers::postgres {
namespace {

using engine::Int128;
using engine::Interval;
using engine::ListEntry;
using engine::Type;
using engine::TypeId;
using engine::UInt128;
using engine::VectorView;

[[noreturn]] void fail_lossy(std::string reason) { fail(ErrorCode::bad_data, std::move(reason)); }

Int128 power_of_ten(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

/// 12345 with scale 2 as 123.45.
std::string decimal_text(Int128 unscaled, int scale) {
  std::string digits = fmt::format("{}", unscaled < 0 ? -unscaled : unscaled);
  if (scale > 0) {
    if (digits.size() <= static_cast<std::size_t>(scale))
      digits.insert(0, static_cast<std::size_t>(scale) + 1 - digits.size(), '0');
    digits.insert(digits.size() - static_cast<std::size_t>(scale), ".");
  }
  return unscaled < 0 ? "-" + digits : digits;
}

/// The value as an integer; a DECIMAL with digits behind the point is none.
Int128 whole_number(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row) {
  const Int128 unscaled = vector.integer(row);
  const int scale = vector.type().id == TypeId::decimal ? vector.type().scale : 0;
  if (scale == 0) return unscaled;
  const Int128 unit = power_of_ten(scale);
  if (unscaled % unit != 0) fail_lossy(fmt::format("{} is no {}", decimal_text(unscaled, scale), writer.type));
  return unscaled / unit;
}

template <typename T>
void encode_integer(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  const Int128 value = whole_number(writer, vector, row);
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
    fail_lossy(fmt::format("{} does not fit {}", value, writer.type));
  }
  append_number(bytes, static_cast<T>(value));
}

/// An integer of the same type as the column: nothing to check.
template <typename T>
void encode_same(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  append_number(bytes, vector.get<T>(row));
}

template <typename T>
void encode_integer_as_float(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row,
                             std::string& bytes) {
  const Int128 value = vector.integer(row);
  const auto rounded = static_cast<T>(value);
  if (static_cast<Int128>(rounded) != value) fail_lossy(fmt::format("{} would be rounded as {}", value, writer.type));
  append_number(bytes, rounded);
}

void encode_float_as_double(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  append_number(bytes, static_cast<double>(vector.get<float>(row)));
}

void encode_double_as_float(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row,
                            std::string& bytes) {
  const auto value = vector.get<double>(row);
  const auto rounded = static_cast<float>(value);
  if (!std::isnan(value) && static_cast<double>(rounded) != value) {
    fail_lossy(fmt::format("{} would be rounded as {}", value, writer.type));
  }
  append_number(bytes, rounded);
}

void encode_numeric(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  if (vector.type().id == TypeId::uhugeint) {
    append_numeric_unsigned(bytes, vector.get<UInt128>(row));
    return;
  }
  const Int128 unscaled = vector.integer(row);
  const int scale = vector.type().id == TypeId::decimal ? vector.type().scale : 0;
  // The server would round without a word.
  if (writer.scale && *writer.scale < scale && unscaled % power_of_ten(scale - *writer.scale) != 0) {
    fail_lossy(fmt::format("{} would be rounded as {}", decimal_text(unscaled, scale), writer.type));
  }
  append_numeric(bytes, unscaled, static_cast<std::uint8_t>(scale));
}

void encode_bool(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  bytes += vector.get<bool>(row) ? '\1' : '\0';
}

void encode_text(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  bytes += vector.text(row);
}

void encode_jsonb(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  bytes += '\1';  // the version of the form
  bytes += vector.text(row);
}

void encode_uuid(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  const UInt128 bits = static_cast<UInt128>(vector.get<Int128>(row)) ^ (UInt128{1} << 127U);
  append_number(bytes, static_cast<std::uint64_t>(bits >> 64U));
  append_number(bytes, static_cast<std::uint64_t>(bits));
}

void encode_date(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  using Limits = std::numeric_limits<std::int32_t>;
  const auto days = vector.get<std::int32_t>(row);
  if (days == Limits::max() || days == -Limits::max()) {
    append_number(bytes, days < 0 ? Limits::min() : Limits::max());
    return;
  }
  std::int32_t since_2000 = 0;
  if (__builtin_sub_overflow(days, k_epoch_days, &since_2000))
    fail_lossy("the date is out of the range of " + writer.type);
  append_number(bytes, since_2000);
}

/// Microseconds since 1970, with the infinities.
void append_timestamp(const ColumnWriter& writer, std::int64_t micros, std::string& bytes) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (micros == Limits::max() || micros == -Limits::max()) {
    append_number(bytes, micros < 0 ? Limits::min() : Limits::max());
    return;
  }
  std::int64_t since_2000 = 0;
  if (__builtin_sub_overflow(micros, k_epoch_micros, &since_2000)) {
    fail_lossy("the timestamp is out of the range of " + writer.type);
  }
  append_number(bytes, since_2000);
}

void encode_timestamp(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  append_timestamp(writer, vector.get<std::int64_t>(row), bytes);
}

/// Nanoseconds as microseconds, exactly; the infinities stay what they are.
std::int64_t exact_micros(const ColumnWriter& writer, std::int64_t nanos) {
  constexpr std::int64_t k_nanos = 1000;
  using Limits = std::numeric_limits<std::int64_t>;
  if (nanos == Limits::max() || nanos == -Limits::max()) return nanos;
  if (nanos % k_nanos != 0) fail_lossy("the nanoseconds would be lost as " + writer.type);
  return nanos / k_nanos;
}

void encode_timestamp_ns(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row,
                         std::string& bytes) {
  append_timestamp(writer, exact_micros(writer, vector.get<std::int64_t>(row)), bytes);
}

void encode_date_as_timestamp(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row,
                              std::string& bytes) {
  constexpr std::int64_t k_micros_a_day = 86'400'000'000;
  using Days = std::numeric_limits<std::int32_t>;
  using Micros = std::numeric_limits<std::int64_t>;
  const auto days = vector.get<std::int32_t>(row);
  std::int64_t micros = 0;
  if (days == Days::max() || days == -Days::max()) {
    micros = days < 0 ? -Micros::max() : Micros::max();
  } else if (__builtin_mul_overflow(static_cast<std::int64_t>(days), k_micros_a_day, &micros)) {
    fail_lossy("the date is out of the range of " + writer.type);
  }
  append_timestamp(writer, micros, bytes);
}

void encode_time_ns(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  append_number(bytes, exact_micros(writer, vector.get<std::int64_t>(row)));
}

void encode_time_tz(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  constexpr std::int32_t k_max_offset = 16 * 60 * 60 - 1;
  constexpr unsigned k_offset_bits = 24;
  const auto bits = vector.get<std::uint64_t>(row);
  append_number(bytes, static_cast<std::int64_t>(bits >> k_offset_bits));
  append_number(bytes, static_cast<std::int32_t>(bits & ((1U << k_offset_bits) - 1)) - k_max_offset);
}

void encode_interval(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  const auto interval = vector.get<Interval>(row);
  append_number(bytes, interval.micros);
  append_number(bytes, interval.days);
  append_number(bytes, interval.months);
}

void encode_array(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  const ListEntry entry = vector.list_entry(row);
  const VectorView& elements = vector.child();
  bool has_null = false;
  for (std::uint64_t i = 0; i < entry.length; ++i) has_null = has_null || elements.is_null(entry.offset + i);
  append_number(bytes, std::int32_t{entry.length == 0 ? 0 : 1});  // dimensions
  append_number(bytes, std::int32_t{has_null ? 1 : 0});
  append_number(bytes, static_cast<std::uint32_t>(writer.element_type));
  if (entry.length == 0) return;
  append_number(bytes, static_cast<std::int32_t>(entry.length));
  append_number(bytes, std::int32_t{1});  // the first index
  for (std::uint64_t i = 0; i < entry.length; ++i) {
    append_field(writer.elements.front(), elements, entry.offset + i, bytes);
  }
}

bool is_text_type(Oid type) {
  return type == oid::k_text || type == oid::k_varchar || type == oid::k_bpchar || type == oid::k_name ||
         type == oid::k_json || type == oid::k_xml;
}

/// Texts of these types are read strictly by the server, and mean one thing only. A text for a column of numbers or
/// times is a mistake more often than not.
bool takes_text(Oid type) {
  switch (type) {
    case oid::k_bool:
    case oid::k_bytea:
    case oid::k_int2:
    case oid::k_int4:
    case oid::k_int8:
    case oid::k_float4:
    case oid::k_float8:
    case oid::k_date:
    case oid::k_time:
    case oid::k_timetz:
    case oid::k_timestamp:
    case oid::k_timestamptz:
      return false;
    default:
      return true;
  }
}

ColumnWriter::Encode integer_encode(TypeId source, Oid target) {
  const bool takes = is_integer(source) || source == TypeId::decimal;
  if (!takes) return nullptr;
  switch (target) {
    case oid::k_int2:
      return source == TypeId::smallint ? encode_same<std::int16_t> : encode_integer<std::int16_t>;
    case oid::k_int4:
      return source == TypeId::integer ? encode_same<std::int32_t> : encode_integer<std::int32_t>;
    case oid::k_int8:
      return source == TypeId::bigint ? encode_same<std::int64_t> : encode_integer<std::int64_t>;
    default:
      return encode_integer<std::uint32_t>;
  }
}

ColumnWriter::Encode float_encode(TypeId source, Oid target) {
  const bool is_single = target == oid::k_float4;
  if (source == TypeId::float_) return is_single ? encode_same<float> : encode_float_as_double;
  if (source == TypeId::double_) return is_single ? encode_double_as_float : encode_same<double>;
  if (!is_integer(source)) return nullptr;
  return is_single ? encode_integer_as_float<float> : encode_integer_as_float<double>;
}

ColumnWriter::Encode timestamp_encode(TypeId source) {
  switch (source) {
    case TypeId::timestamp:
    case TypeId::timestamp_s:
    case TypeId::timestamp_ms:
      return encode_timestamp;
    case TypeId::timestamp_ns:
      return encode_timestamp_ns;
    case TypeId::date:
      return encode_date_as_timestamp;
    default:
      return nullptr;
  }
}

ColumnWriter::Encode only_from(bool is_right, ColumnWriter::Encode encode) { return is_right ? encode : nullptr; }

/// Null when values of that type would change, or could not be told from others.
ColumnWriter::Encode encode_for(const Type& source, Oid target) {
  const TypeId id = source.id;
  switch (target) {
    case oid::k_bool:
      return only_from(id == TypeId::boolean, encode_bool);
    case oid::k_int2:
    case oid::k_int4:
    case oid::k_int8:
    case oid::k_oid:
      return integer_encode(id, target);
    case oid::k_numeric:
      return only_from(is_integer(id) || id == TypeId::decimal || id == TypeId::uhugeint, encode_numeric);
    case oid::k_float4:
    case oid::k_float8:
      return float_encode(id, target);
    case oid::k_bytea:
      return only_from(id == TypeId::blob, encode_text);
    case oid::k_date:
      return only_from(id == TypeId::date, encode_date);
    case oid::k_time:
      if (id == TypeId::time_ns) return encode_time_ns;
      return only_from(id == TypeId::time, encode_same<std::int64_t>);
    case oid::k_timetz:
      return only_from(id == TypeId::time_tz, encode_time_tz);
    case oid::k_timestamp:
      return timestamp_encode(id);
    case oid::k_timestamptz:
      return only_from(id == TypeId::timestamp_tz, encode_timestamp);
    case oid::k_interval:
      return only_from(id == TypeId::interval, encode_interval);
    case oid::k_uuid:
      return only_from(id == TypeId::uuid, encode_uuid);
    case oid::k_jsonb:
      return only_from(id == TypeId::varchar || is_nested(source), encode_jsonb);
    default:
      return nullptr;
  }
}

/// What the engine delivers of the column: texts where texts are sent, and microseconds where they are counted.
std::string select_of(const engine::Column& source, bool as_text) {
  const std::string name = engine::quote_identifier(source.name);
  if (as_text && is_nested(source.type)) return fmt::format("CAST(to_json({}) AS VARCHAR)", name);
  if (as_text && source.type.id != TypeId::varchar) return fmt::format("CAST({} AS VARCHAR)", name);
  const bool is_coarse = source.type.id == TypeId::timestamp_s || source.type.id == TypeId::timestamp_ms;
  return is_coarse ? fmt::format("CAST({} AS TIMESTAMP)", name) : name;
}

Error type_error(const engine::Column& source, const TableColumn& target) {
  const bool is_zone = (target.type == oid::k_timestamptz && timestamp_encode(source.type.id) != nullptr) ||
                       (target.type == oid::k_timestamp && source.type.id == TypeId::timestamp_tz);
  std::string hint = fmt::format("cast it in a duckdb.processor step, where it is seen: CAST({} AS …)",
                                 engine::quote_identifier(source.name));
  if (is_zone) hint = "say which zone is meant in a duckdb.processor step: timezone('Europe/Prague', at)";
  return make_error(ErrorCode::invalid_config,
                    fmt::format("column '{}' is {} in the input and {} in the table: values could change",
                                source.name, source.type.to_sql(), target.target.type),
                    std::move(hint));
}

std::optional<ColumnWriter> array_writer(const engine::Column& source, const TableColumn& target) {
  if (source.type.id != TypeId::list || target.element_type == 0) return std::nullopt;
  TableColumn element;
  element.target = {.name = target.target.name, .type = target.target.type};
  element.type = target.element_type;
  element.type_modifier = target.type_modifier;
  element.is_enum = target.is_element_enum;
  const Type& type = source.type.children.front();
  auto writer = column_writer({source.name, type}, element);
  // An element is taken as the engine has it: nothing in SQL turns it into something else.
  const bool is_plain =
      writer && !writer->is_staged_as_text && writer->select == engine::quote_identifier(source.name);
  if (!is_plain) return std::nullopt;
  ColumnWriter array;
  array.select = writer->select;
  array.encode = encode_array;
  array.element_type = target.element_type;
  array.elements.push_back(*std::move(writer));
  return array;
}

}  // namespace

Result<ColumnWriter> column_writer(const engine::Column& source, const TableColumn& target) {
  ColumnWriter writer;
  if (auto array = array_writer(source, target)) {
    writer = *std::move(array);
  } else if (const ColumnWriter::Encode encode = encode_for(source.type, target.type)) {
    writer.encode = encode;
    writer.select = select_of(source, target.type == oid::k_jsonb);
  } else if (is_text_type(target.type) || target.is_enum) {
    writer.encode = encode_text;
    writer.select = select_of(source, /*as_text=*/true);
  } else if (const bool is_text = source.type.id == TypeId::varchar || source.type.id == TypeId::enum_ ||
                                  source.type.id == TypeId::bit;
             is_text && takes_text(target.type)) {
    writer.encode = encode_text;
    writer.select = select_of(source, /*as_text=*/true);
    writer.is_staged_as_text = true;
  } else {
    return Failure(type_error(source, target));
  }
  writer.name = target.target.name;
  writer.type = target.target.type;
  if (const auto declared = declared_numeric(target.type_modifier); declared && writer.encode == encode_numeric) {
    writer.scale = declared->scale;
  }
  return writer;
}

void append_field(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& bytes) {
  if (vector.is_null(row)) {
    append_number(bytes, std::int32_t{-1});
    return;
  }
  const std::size_t at = bytes.size();
  append_number(bytes, std::int32_t{0});
  writer.encode(writer, vector, row, bytes);
  const std::uint32_t length = swapped(static_cast<std::uint32_t>(bytes.size() - at - sizeof(std::uint32_t)));
  std::memcpy(bytes.data() + at, &length, sizeof length);
}

}  // namespace spillway::drivers::postgres
