#include "drivers/file/strict_column.hpp"

#include <utility>

#include <fmt/format.h>

#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::quote_identifier;
using engine::quote_literal;
using engine::Type;
using engine::TypeId;

constexpr std::string_view k_exact_double_limit = "9007199254740992";  // 2^53

std::string try_cast(const std::string& value, const Type& type) {
  return fmt::format("TRY_CAST({} AS {})", value, type.to_sql());
}

/// The number with a decimal point; NULL when it has one though the separator is another.
std::string with_point(const std::string& value, const TextFormats& formats) {
  if (formats.decimal_separator == '.') return value;
  return fmt::format("CASE WHEN NOT contains({0}, '.') THEN replace({0}, {1}, '.') END", value,
                     quote_literal(std::string(1, formats.decimal_separator)));
}

std::string integer(const std::string& value, const Type& type) {
  return fmt::format(
      "CASE WHEN contains({0}, '.') AND TRY_CAST({0} AS DOUBLE) <> trunc(TRY_CAST({0} AS DOUBLE)) "
      "THEN NULL ELSE {1} END",
      value, try_cast(value, type));
}

std::string integer_as_text(const std::string& value, const Type& type) {
  return fmt::format("CASE WHEN CAST({1} AS VARCHAR) = {0} THEN {1} END", value, try_cast(value, type));
}

std::string decimal(const std::string& value, const Type& type) {
  return fmt::format(
      "CASE WHEN contains({0}, '.') AND NOT contains(lower({0}), 'e') AND "
      "strlen(rtrim({0}, '0')) - strpos({0}, '.') > {1} THEN NULL ELSE {2} END",
      value, type.scale, try_cast(value, type));
}

std::string date(const std::string& value, const TextFormats& formats) {
  if (!formats.date.empty()) {
    return fmt::format("CAST(try_strptime({}, {}) AS DATE)", value, quote_literal(formats.date));
  }
  return fmt::format(
      "CASE WHEN contains({0}, ':') AND TRY_CAST({0} AS TIMESTAMP) <> TRY_CAST({0} AS DATE) "
      "THEN NULL ELSE TRY_CAST({0} AS DATE) END",
      value);
}

/// Without a zone, and with no more digits than the type has.
std::string timestamp(const std::string& value, const Type& type, const TextFormats& formats) {
  if (!formats.timestamp.empty()) {
    return try_cast(fmt::format("try_strptime({}, {})", value, quote_literal(formats.timestamp)), type);
  }
  const std::string_view digits = type.id == TypeId::timestamp_s    ? "0{0,9}"
                                  : type.id == TypeId::timestamp_ms ? "[0-9]{1,3}0*"
                                  : type.id == TypeId::timestamp_ns ? "[0-9]{1,9}0*"
                                                                    : "[0-9]{1,6}0*";
  const std::string naive =
      fmt::format(R"(\s*([-0-9/]+([ T]+[0-9:]+([.]{})?)?( \(BC\))?|-?infinity|epoch)\s*)", digits);
  return fmt::format("CASE WHEN regexp_full_match({}, {}) THEN {} END", value, quote_literal(naive),
                     try_cast(value, type));
}

/// With no more digits than the type has.
std::string time(const std::string& value) {
  return fmt::format("CASE WHEN regexp_full_match({}, {}) THEN {} END", value,
                     quote_literal("[^.]*([.][0-9]{1,6}0*)?"), try_cast(value, TypeId::time));
}

std::string timestamp_tz(const std::string& value, const TextFormats& formats) {
  const std::string text = formats.timestamp.empty()
                               ? value
                               : fmt::format("try_strptime({}, {})", value, quote_literal(formats.timestamp));
  return try_cast(text, TypeId::timestamp_tz);
}

StrictColumn carried(std::string name, Type type, Type carrier) {
  StrictColumn column;
  column.value = quote_identifier(name);
  column.name = std::move(name);
  column.type = std::move(type);
  column.carrier = std::move(carrier);
  return column;
}

std::string converted_text(const StrictColumn& column, const TextRules& rules) {
  const TextFormats& formats = rules.formats;
  const std::string& value = column.value;
  switch (column.type.id) {
    case TypeId::tinyint:
    case TypeId::smallint:
    case TypeId::integer:
    case TypeId::bigint:
    case TypeId::hugeint:
    case TypeId::utinyint:
    case TypeId::usmallint:
    case TypeId::uinteger:
    case TypeId::ubigint:
    case TypeId::uhugeint:
      return rules.keeps_digits ? integer_as_text(value, column.type) : integer(value, column.type);
    case TypeId::decimal:
      return decimal(with_point(value, formats), column.type);
    case TypeId::float_:
    case TypeId::double_:
      return try_cast(with_point(value, formats), column.type);
    case TypeId::date:
      return date(value, formats);
    case TypeId::time:
      return time(value);
    case TypeId::timestamp:
    case TypeId::timestamp_s:
    case TypeId::timestamp_ms:
    case TypeId::timestamp_ns:
      return timestamp(value, column.type, formats);
    case TypeId::timestamp_tz:
      return timestamp_tz(value, formats);
    default:
      return try_cast(value, column.type);
  }
}

}  // namespace

std::string StrictColumn::is_lost() const {
  return fmt::format("({} IS NOT NULL AND ({}) IS NULL)", value, converted);
}

std::string StrictColumn::or_error() const {
  if (!is_converted()) return value;
  const std::string message = quote_literal(fmt::format("column '{}': '", name));
  std::string careful = fmt::format("COALESCE({0}, CASE WHEN {1} IS NOT NULL THEN error({2} || {1} || {3}) END)",
                                    converted, value, message, quote_literal("' is no " + type.to_sql()));
  if (is_simple.empty()) return careful;
  return fmt::format("CASE WHEN {} THEN {} ELSE {} END", is_simple, simple, careful);
}

StrictColumn as_it_is(std::string name, Type type) {  // NOLINT(performance-unnecessary-value-param): taken over
  StrictColumn column = carried(std::move(name), type, type);
  return column;
}

StrictColumn integer_from_double(std::string name, Type type) {
  StrictColumn column = carried(std::move(name), std::move(type), TypeId::double_);
  const std::string cast = fmt::format("CAST({} AS {})", column.value, column.type.to_sql());
  column.converted = fmt::format("CASE WHEN {0} = trunc({0}) AND abs({0}) < {1} THEN {2} END", column.value,
                                 k_exact_double_limit, try_cast(column.value, column.type));
  if (column.type.id == TypeId::bigint) {
    column.is_simple =
        fmt::format("CAST({0} AS DOUBLE) = {1} AND {1} < {2}", cast, column.value, k_exact_double_limit);
    column.simple = cast;
  }
  return column;
}

StrictColumn date_from_timestamp(std::string name) {
  StrictColumn column = carried(std::move(name), TypeId::date, TypeId::timestamp);
  column.is_simple = fmt::format("{0} = CAST({0} AS DATE)", column.value);
  column.simple = fmt::format("CAST({} AS DATE)", column.value);
  column.converted = fmt::format("CASE WHEN {} THEN {} END", column.is_simple, column.simple);
  return column;
}

StrictColumn from_text(std::string name, Type type, const TextRules& rules) {
  StrictColumn column = carried(std::move(name), std::move(type), TypeId::varchar);
  if (!rules.value.empty()) column.value = rules.value;
  if (rules.empty_is_null) column.value = fmt::format("nullif({}, '')", column.value);
  if (column.type == Type(TypeId::varchar)) return column;
  column.converted = converted_text(column, rules);
  if (column.type.id == TypeId::timestamp && rules.formats.timestamp.empty()) {
    // 2020-01-31 12:30:00, or as long and refused by the cast.
    constexpr int k_plain_length = 19;
    column.is_simple = fmt::format("strlen({0}) = {1} AND substr({0}, 17, 1) = ':'", column.value, k_plain_length);
    column.simple = fmt::format("CAST({} AS TIMESTAMP)", column.value);
  }
  return column;
}

}  // namespace spillway::drivers::file
