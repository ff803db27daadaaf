#include "drivers/mysql/encode.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "engine/sql.hpp"

namespace spillway::drivers::mysql {
namespace {

using engine::Int128;
using engine::Interval;
using engine::Type;
using engine::TypeId;
using engine::UInt128;
using engine::VectorView;

constexpr std::int64_t k_encoded_second = 1'000'000;
constexpr std::int64_t k_encoded_day = 86'400 * k_encoded_second;
constexpr int k_micro_digits = 6;

/// What stands behind a backslash for a byte that cannot stand for itself; zero for those that can.
constexpr std::array<char, 256> k_escapes = [] {
  std::array<char, 256> escapes{};
  escapes['\\'] = '\\';
  escapes['\''] = '\'';
  escapes['\n'] = 'n';
  escapes['\t'] = 't';
  escapes['\r'] = 'r';
  escapes['\0'] = '0';
  escapes['\x1a'] = 'Z';
  return escapes;
}();

[[noreturn]] void fail_lossy(std::string reason) { fail(ErrorCode::bad_data, std::move(reason)); }

Int128 ten_to(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

/// Appends 12345 with scale 2 as 123.45.
void append_decimal(Int128 unscaled, int scale, std::string& text) {
  if (unscaled < 0) {
    text += '-';
    unscaled = -unscaled;
  }
  const std::size_t start = text.size();
  constexpr Int128 k_max_fast = std::numeric_limits<std::int64_t>::max();
  if (unscaled <= k_max_fast) {  // 128 bits are slow, and seldom needed
    const fmt::format_int digits(static_cast<std::int64_t>(unscaled));
    text.append(digits.data(), digits.size());
  } else {
    text += fmt::format("{}", unscaled);
  }
  if (scale == 0) return;
  const auto behind = static_cast<std::size_t>(scale);
  const std::size_t count = text.size() - start;
  if (count <= behind) text.insert(start, behind + 1 - count, '0');
  text.insert(text.size() - behind, 1, '.');
}

std::string decimal_text(Int128 unscaled, int scale) {
  std::string text;
  append_decimal(unscaled, scale, text);
  return text;
}

int scale_of(const Type& type) { return type.id == TypeId::decimal ? type.scale : 0; }

void encode_integer(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& text) {
  Int128 value = vector.integer(row);
  if (const int scale = scale_of(vector.type()); scale > 0) {
    const Int128 unit = ten_to(scale);
    if (value % unit != 0) fail_lossy(fmt::format("{} is no {}", decimal_text(value, scale), writer.type));
    value /= unit;
  }
  if (value < writer.least || value > writer.greatest) {
    fail_lossy(fmt::format("{} does not fit {}", decimal_text(value, 0), writer.type));
  }
  append_decimal(value, 0, text);
}

void encode_boolean(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& text) {
  text += vector.get<bool>(row) ? '1' : '0';
}

void encode_decimal(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& text) {
  const Int128 unscaled = vector.integer(row);
  const int scale = scale_of(vector.type());
  // The server would round without a word.
  if (writer.scale < scale && unscaled % ten_to(scale - writer.scale) != 0) {
    fail_lossy(fmt::format("{} would be rounded as {}", decimal_text(unscaled, scale), writer.type));
  }
  append_decimal(unscaled, scale, text);
}

void encode_unsigned_decimal(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& text) {
  text += fmt::format("{}", vector.get<UInt128>(row));
}

template <typename T>
void append_float(const ColumnWriter& writer, T value, std::string& text) {
  if (!std::isfinite(value)) fail_lossy(fmt::format("{} is no {}", value, writer.type));
  text += fmt::format("{}", value);
}

template <typename T>
void encode_same_float(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& text) {
  append_float(writer, vector.get<T>(row), text);
}

void encode_float_as_double(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row,
                            std::string& text) {
  append_float(writer, static_cast<double>(vector.get<float>(row)), text);
}

void encode_double_as_float(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row,
                            std::string& text) {
  const auto value = vector.get<double>(row);
  const auto rounded = static_cast<float>(value);
  if (std::isfinite(value) && static_cast<double>(rounded) != value) {
    fail_lossy(fmt::format("{} would be rounded as {}", value, writer.type));
  }
  append_float(writer, rounded, text);
}

template <typename T>
void encode_integer_as_float(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row,
                             std::string& text) {
  const Int128 value = vector.integer(row);
  if (static_cast<Int128>(static_cast<T>(value)) != value) {
    fail_lossy(fmt::format("{} would be rounded as {}", decimal_text(value, 0), writer.type));
  }
  append_decimal(value, 0, text);
}

void encode_text(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& text) {
  const std::string_view value = vector.text(row);
  if (writer.is_padded && value.ends_with(' ')) {
    fail_lossy(fmt::format("'{}' would lose the blanks at its end as {}", value, writer.type));
  }
  append_escaped(value, text);
}

void encode_hex(const ColumnWriter&, const VectorView& vector, std::uint64_t row, std::string& text) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  constexpr unsigned k_low = 0xf;
  for (const char c : vector.text(row)) {
    const auto byte = static_cast<unsigned char>(c);
    text += k_digits[byte >> 4U];
    text += k_digits[byte & k_low];
  }
}

void append_padded(std::uint64_t value, std::size_t width, std::string& text) {
  const std::size_t at = text.size();
  text.append(width, '0');
  for (std::size_t i = width; i > 0; --i) {
    text[at + i - 1] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

void append_date(const ColumnWriter& writer, std::int64_t days, std::string& text) {
  constexpr int k_first_year = 1;
  constexpr int k_last_year = 9999;
  constexpr std::int64_t k_day_limit = 4'000'000;  // well beyond those years, and within what <chrono> takes
  const bool is_near = days > -k_day_limit && days < k_day_limit;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(is_near ? days : 0))};
  const int year = static_cast<int>(date.year());
  if (!is_near || year < k_first_year || year > k_last_year) {
    fail_lossy(fmt::format("the date is out of the range of {}, years 1 to 9999", writer.type));
  }
  append_padded(static_cast<std::uint64_t>(year), 4, text);
  text += '-';
  append_padded(static_cast<unsigned>(date.month()), 2, text);
  text += '-';
  append_padded(static_cast<unsigned>(date.day()), 2, text);
}

/// Hours may be any number of digits: it is 838 in a TIME.
void append_clock(const ColumnWriter& writer, std::int64_t micros, std::string& text) {
  constexpr std::int64_t k_minute = 60;
  const std::int64_t fraction = micros % k_encoded_second;
  const std::int64_t seconds = micros / k_encoded_second;
  if (fraction % static_cast<std::int64_t>(ten_to(k_micro_digits - writer.scale)) != 0) {
    fail_lossy(fmt::format("digits of its seconds would be lost as {}", writer.type));
  }
  const auto hours = static_cast<std::uint64_t>(seconds / (k_minute * k_minute));
  append_padded(hours, hours < 100 ? 2 : 3, text);
  text += ':';
  append_padded(static_cast<std::uint64_t>(seconds / k_minute % k_minute), 2, text);
  text += ':';
  append_padded(static_cast<std::uint64_t>(seconds % k_minute), 2, text);
  if (fraction == 0) return;
  text += '.';
  append_padded(static_cast<std::uint64_t>(fraction), k_micro_digits, text);
}

void encode_date(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& text) {
  append_date(writer, vector.get<std::int32_t>(row), text);
}

void append_timestamp(const ColumnWriter& writer, std::int64_t micros, std::string& text) {
  std::int64_t days = micros / k_encoded_day;
  std::int64_t rest = micros % k_encoded_day;
  if (rest < 0) {
    rest += k_encoded_day;
    --days;
  }
  append_date(writer, days, text);
  text += ' ';
  append_clock(writer, rest, text);
}

void encode_timestamp(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& text) {
  append_timestamp(writer, vector.get<std::int64_t>(row), text);
}

std::int64_t micros_of_nanos(const ColumnWriter& writer, std::int64_t nanos) {
  constexpr std::int64_t k_nanos = 1000;
  if (nanos % k_nanos != 0) fail_lossy("the nanoseconds would be lost as " + writer.type);
  return nanos / k_nanos;
}

void encode_timestamp_ns(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& text) {
  append_timestamp(writer, micros_of_nanos(writer, vector.get<std::int64_t>(row)), text);
}

void encode_time(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& text) {
  append_clock(writer, vector.get<std::int64_t>(row), text);
}

void encode_time_ns(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& text) {
  append_clock(writer, micros_of_nanos(writer, vector.get<std::int64_t>(row)), text);
}

void encode_interval(const ColumnWriter& writer, const VectorView& vector, std::uint64_t row, std::string& text) {
  constexpr std::int64_t k_time_limit = 839LL * 3600 * k_encoded_second;
  const auto interval = vector.get<Interval>(row);
  const Int128 micros = static_cast<Int128>(interval.days) * k_encoded_day + interval.micros;
  if (interval.months != 0 || micros <= -k_time_limit || micros >= k_time_limit) {
    fail_lossy(fmt::format("the interval is out of the range of {}, -838:59:59 to 838:59:59", writer.type));
  }
  if (micros < 0) text += '-';
  append_clock(writer, static_cast<std::int64_t>(micros < 0 ? -micros : micros), text);
}

ColumnWriter::Encode only_from(bool is_right, ColumnWriter::Encode encode) { return is_right ? encode : nullptr; }

template <typename T>
ColumnWriter::Encode float_encode(TypeId source) {
  constexpr bool k_is_single = std::is_same_v<T, float>;
  if (source == TypeId::float_) return k_is_single ? encode_same_float<float> : encode_float_as_double;
  if (source == TypeId::double_) return k_is_single ? encode_double_as_float : encode_same_float<double>;
  return only_from(is_integer(source), encode_integer_as_float<T>);
}

ColumnWriter::Encode datetime_encode(TypeId source) {
  switch (source) {
    case TypeId::timestamp:
    case TypeId::timestamp_s:
    case TypeId::timestamp_ms:
      return encode_timestamp;
    case TypeId::timestamp_ns:
      return encode_timestamp_ns;
    default:
      return only_from(source == TypeId::date, encode_date);
  }
}

ColumnWriter::Encode time_encode(TypeId source) {
  if (source == TypeId::time) return encode_time;
  if (source == TypeId::time_ns) return encode_time_ns;
  return only_from(source == TypeId::interval, encode_interval);
}

bool is_one_bit(const TableColumn& target) {
  return target.target.type == "tinyint(1)" || (target.kind == ColumnKind::bit && target.precision == 1);
}

/// Null when values of that type would change, or could not be told from others.
ColumnWriter::Encode encode_for(const Type& source, const TableColumn& target) {
  const TypeId id = source.id;
  switch (target.kind) {
    case ColumnKind::integer:
    case ColumnKind::bit:
      if (id == TypeId::boolean) return only_from(is_one_bit(target), encode_boolean);
      return only_from(is_integer(id) || id == TypeId::decimal, encode_integer);
    case ColumnKind::decimal:
      if (id == TypeId::uhugeint) return encode_unsigned_decimal;
      return only_from(is_integer(id) || id == TypeId::decimal, encode_decimal);
    case ColumnKind::float_:
      return float_encode<float>(id);
    case ColumnKind::double_:
      return float_encode<double>(id);
    case ColumnKind::bytes:
      return only_from(id == TypeId::blob, encode_hex);
    case ColumnKind::date:
      return only_from(id == TypeId::date, encode_date);
    case ColumnKind::time:
      return time_encode(id);
    case ColumnKind::datetime:
      return datetime_encode(id);
    case ColumnKind::timestamp:
      return only_from(id == TypeId::timestamp_tz, encode_timestamp);
    case ColumnKind::uuid:
      return only_from(id == TypeId::uuid || (id == TypeId::varchar && source.alias.empty()), encode_text);
    case ColumnKind::text:
      break;
  }
  return only_from(id != TypeId::blob, encode_text);
}

/// What the engine delivers of the column: texts where texts are sent, and microseconds where they are counted.
std::string select_of(const engine::Column& source, bool as_text) {
  const std::string name = engine::quote_identifier(source.name);
  if (as_text && is_nested(source.type)) return fmt::format("CAST(to_json({}) AS VARCHAR)", name);
  if (as_text && source.type.id != TypeId::varchar) return fmt::format("CAST({} AS VARCHAR)", name);
  const bool is_coarse = source.type.id == TypeId::timestamp_s || source.type.id == TypeId::timestamp_ms;
  return is_coarse ? fmt::format("CAST({} AS TIMESTAMP)", name) : name;
}

void set_range(const TableColumn& target, ColumnWriter& writer) {
  constexpr int k_first_year = 1901;
  constexpr int k_last_year = 2155;
  if (target.data_type == "year") {
    writer.least = k_first_year;
    writer.greatest = k_last_year;
    return;
  }
  int bits = target.precision;
  if (target.kind == ColumnKind::integer) {
    bits = target.data_type == "tinyint"     ? 8
           : target.data_type == "smallint"  ? 16
           : target.data_type == "mediumint" ? 24
           : target.data_type == "int"       ? 32
                                             : 64;
  }
  const bool is_unsigned = target.is_unsigned || target.kind == ColumnKind::bit;
  const Int128 values = Int128{1} << bits;
  writer.least = is_unsigned ? 0 : -(values / 2);
  writer.greatest = is_unsigned ? values - 1 : values / 2 - 1;
}

Error type_error(const engine::Column& source, const TableColumn& target) {
  const bool is_zone = (target.kind == ColumnKind::timestamp && datetime_encode(source.type.id) != nullptr) ||
                       (target.kind == ColumnKind::datetime && source.type.id == TypeId::timestamp_tz);
  std::string hint = fmt::format("cast it in a duckdb.processor step, where it is seen: CAST({} AS …)",
                                 engine::quote_identifier(source.name));
  if (is_zone) hint = "say which zone is meant in a duckdb.processor step: timezone('Europe/Prague', at)";
  return make_error(ErrorCode::invalid_config,
                    fmt::format("column '{}' is {} in the input and {} in the table: values could change",
                                source.name, source.type.to_sql(), target.target.type),
                    std::move(hint));
}

}  // namespace

Result<ColumnWriter> column_writer(const engine::Column& source, const TableColumn& target) {
  ColumnWriter writer;
  writer.encode = encode_for(source.type, target);
  if (source.type.id == TypeId::sql_null) writer.encode = encode_text;
  if (writer.encode == nullptr) return Failure(type_error(source, target));
  writer.name = target.target.name;
  writer.type = target.target.type;
  writer.select = select_of(source, writer.encode == encode_text);
  writer.scale = target.scale;
  writer.is_padded = target.data_type == "char";
  if (writer.encode == encode_integer) set_range(target, writer);
  if (target.kind == ColumnKind::bytes) writer.expression = "UNHEX({})";
  if (target.kind == ColumnKind::bit) writer.expression = "CAST({} AS UNSIGNED)";
  return writer;
}

void append_escaped(std::string_view bytes, std::string& text) {
  const auto* const end = bytes.end();
  for (const auto* at = bytes.begin();;) {
    const auto* const special =
        std::find_if(at, end, [](char c) { return k_escapes[static_cast<unsigned char>(c)] != '\0'; });
    text.append(at, special);
    if (special == end) return;
    text += '\\';
    text += k_escapes[static_cast<unsigned char>(*special)];
    at = special + 1;
  }
}

}  // namespace spillway::drivers::mysql
