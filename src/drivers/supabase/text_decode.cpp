#include "drivers/supabase/text_decode.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "drivers/supabase/text_time.hpp"
#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::supabase {
namespace {

using engine::Int128;
using engine::Type;
using engine::TypeId;
using engine::UInt128;
using engine::VectorWriter;

constexpr std::uint64_t k_max_width = 38;

[[noreturn]] void fail_text_value(const TextColumn& column, std::string_view text) {
  fail(ErrorCode::bad_data, fmt::format("the server sent '{}', which is no {}", text, column.type.to_sql()),
       "types: {column: …} declares what the column is");
}

template <typename T>
void decode_number(const TextColumn& column, std::string_view text, VectorWriter& vector, std::uint64_t row) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, value);
  if (status != std::errc() || stop != end) fail_text_value(column, text);
  vector.set(row, value);
}

void decode_bool(const TextColumn& column, std::string_view text, VectorWriter& vector, std::uint64_t row) {
  const bool is_true = text == "true" || text == "t";
  if (!is_true && text != "false" && text != "f") fail_text_value(column, text);
  vector.set(row, is_true);
}

void decode_text(const TextColumn&, std::string_view text, VectorWriter& vector, std::uint64_t row) {
  vector.set_text(row, text);
}

int hex_digit(char c) {
  constexpr int k_ten = 10;
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + k_ten;
  return c >= 'A' && c <= 'F' ? c - 'A' + k_ten : -1;
}

void decode_bytea(const TextColumn& column, std::string_view text, VectorWriter& vector, std::uint64_t row) {
  constexpr unsigned k_digit_bits = 4;
  if (!text.starts_with("\\x") || text.size() % 2 != 0) fail_text_value(column, text);
  std::string bytes;
  for (std::size_t i = 2; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) fail_text_value(column, text);
    bytes += static_cast<char>((static_cast<unsigned>(high) << k_digit_bits) | static_cast<unsigned>(low));
  }
  vector.set_text(row, bytes);
}

void decode_uuid(const TextColumn& column, std::string_view text, VectorWriter& vector, std::uint64_t row) {
  constexpr unsigned k_digit_bits = 4;
  constexpr unsigned k_digits = 32;
  UInt128 value = 0;
  unsigned count = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const int digit = hex_digit(c);
    if (digit < 0) fail_text_value(column, text);
    value = (value << k_digit_bits) | static_cast<unsigned>(digit);
    ++count;
  }
  if (count != k_digits) fail_text_value(column, text);
  vector.set(row, static_cast<Int128>(value ^ (UInt128{1} << 127U)));
}

[[noreturn]] void fail_number(const TextColumn& column, std::string_view text, std::string_view why) {
  fail(ErrorCode::bad_data, fmt::format("the number {} {} {}", text, why, column.type.to_sql()),
       "types: {column: \"numeric(p,s)\"} declares its digits; unbounded_numeric takes text or double");
}

void decode_decimal(const TextColumn& column, std::string_view text, VectorWriter& vector, std::uint64_t row) {
  if (text == "NaN" || text.ends_with("Infinity")) {
    if (column.special_is_null) return vector.set_null(row);
    fail(ErrorCode::bad_data, fmt::format("{} is no {}", text, column.type.to_sql()),
         "special_numeric: null reads it as NULL, unbounded_numeric: text or double keeps it");
  }
  const bool is_negative = text.starts_with('-');
  const std::string_view digits = text.substr(is_negative ? 1 : 0);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  std::string_view decimals = digits.substr(std::min(point + 1, digits.size()));
  while (decimals.size() > column.type.scale && decimals.ends_with('0')) decimals.remove_suffix(1);
  if (decimals.size() > column.type.scale) fail_number(column, text, "has more digits behind the point than");
  std::string all(digits.substr(0, point));
  all.append(decimals).append(column.type.scale - decimals.size(), '0');
  all.erase(0, std::min(all.find_first_not_of('0'), all.size()));
  if (all.size() > column.type.width) fail_number(column, text, "is too large for");
  constexpr Int128 k_base = 10;
  Int128 unscaled = 0;
  for (const char c : all) {
    if (c < '0' || c > '9') fail_text_value(column, text);
    unscaled = unscaled * k_base + (c - '0');
  }
  vector.set_decimal(row, is_negative ? -unscaled : unscaled);
}

template <auto of_text>
void decode_by(const TextColumn&, std::string_view text, VectorWriter& vector, std::uint64_t row) {
  vector.set(row, of_text(text));
}

/// The elements of an array's text, {1,NULL,"a \"b\""}.
std::vector<std::optional<std::string>> array_elements(const TextColumn& column, std::string_view text) {
  // [2:4]={…}: the first index is lost.
  if (text.starts_with('[')) text.remove_prefix(std::min(text.find('=') + 1, text.size()));
  if (!text.starts_with('{') || !text.ends_with('}')) fail_text_value(column, text);
  text = text.substr(1, text.size() - 2);
  std::vector<std::optional<std::string>> elements;
  if (text.empty()) return elements;
  bool is_quoted = false;
  bool was_quoted = false;
  std::string element;
  const auto finish = [&] {
    elements.push_back(!was_quoted && element == "NULL" ? std::nullopt : std::optional(element));
    element.clear();
    was_quoted = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      is_quoted = !is_quoted;
      was_quoted = true;
    } else if (c == '\\' && i + 1 < text.size()) {
      element += text[++i];
    } else if (c == ',' && !is_quoted) {
      finish();
    } else if (c == '{' && !is_quoted) {
      fail(ErrorCode::bad_data, "the array has several dimensions, and a LIST has one",
           "types: {column: text} reads it as it is");
    } else {
      element += c;
    }
  }
  finish();
  return elements;
}

void decode_array(const TextColumn& column, std::string_view text, VectorWriter& vector, std::uint64_t row) {
  const auto elements = array_elements(column, text);
  const std::uint64_t offset = vector.append_list(row, elements.size());
  const TextColumn& element = column.elements.front();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto& text_of = elements[i];
    const sql::Field field =
        text_of ? sql::Field{text_of->data(), static_cast<std::uint32_t>(text_of->size())} : sql::Field{};
    element.decode(element, sql::Cells(field), vector.child(), offset + i);
  }
}

struct TextType {
  std::array<std::string_view, 3> names;  ///< as the server says it, and as people do
  TypeId type = TypeId::varchar;
  TextColumn::Decode decode = nullptr;
  bool is_cast = true;
};

const std::array k_text_types{
    TextType{{"boolean", "bool"}, TypeId::boolean, sql::k_each<decode_bool>},
    TextType{{"smallint", "int2", "smallserial"}, TypeId::smallint, sql::k_each<decode_number<std::int16_t>>},
    TextType{{"integer", "int4", "int"}, TypeId::integer, sql::k_each<decode_number<std::int32_t>>},
    TextType{{"bigint", "int8", "bigserial"}, TypeId::bigint, sql::k_each<decode_number<std::int64_t>>},
    TextType{{"oid"}, TypeId::uinteger, sql::k_each<decode_number<std::uint32_t>>},
    TextType{{"real", "float4"}, TypeId::float_, sql::k_each<decode_number<float>>},
    TextType{{"double precision", "float8", "float"}, TypeId::double_, sql::k_each<decode_number<double>>},
    TextType{{"numeric", "decimal"}, TypeId::decimal, sql::k_each<decode_decimal>},
    // A cast would take the blanks at the end.
    TextType{{"character", "bpchar", "char"}, TypeId::varchar, sql::k_each<decode_text>, false},
    TextType{{"bytea"}, TypeId::blob, sql::k_each<decode_bytea>},
    TextType{{"date"}, TypeId::date, sql::k_each<decode_by<date_of_text>>},
    TextType{{"time without time zone", "time"}, TypeId::time, sql::k_each<decode_by<time_of_text>>},
    TextType{{"time with time zone", "timetz"}, TypeId::time_tz, sql::k_each<decode_by<time_tz_of_text>>},
    TextType{
        {"timestamp without time zone", "timestamp"}, TypeId::timestamp, sql::k_each<decode_by<timestamp_of_text>>},
    TextType{
        {"timestamp with time zone", "timestamptz"}, TypeId::timestamp_tz, sql::k_each<decode_by<timestamp_of_text>>},
    TextType{{"interval"}, TypeId::interval, sql::k_each<decode_by<interval_of_text>>},
    TextType{{"uuid"}, TypeId::uuid, sql::k_each<decode_uuid>},
};

/// "(12,2)" of a numeric; neither without.
std::pair<std::uint64_t, std::uint64_t> precision_of(std::string_view arguments) {
  const std::size_t close = arguments.find(')');
  if (!arguments.starts_with('(') || close == std::string_view::npos) return {0, 0};
  const std::vector<std::string> parts = split(arguments.substr(1, close - 1), ',');
  const auto width = parse_uint(trim(parts.front())).value_or(0);
  return {width, parts.size() > 1 ? parse_uint(trim(parts[1])).value_or(0) : 0};
}

TextColumn decimal_column(std::string_view arguments, const nlohmann::json& config) {
  TextColumn column;
  column.decode = sql::k_each<decode_decimal>;
  column.special_is_null = config.at("special_numeric") == "null";
  auto [width, scale] = precision_of(arguments);
  if (width == 0 || width > k_max_width || scale > width) {
    const auto policy = config.at("unbounded_numeric").get<std::string>();
    if (policy == "text" || policy == "double") {
      column.type = policy == "text" ? TypeId::varchar : TypeId::double_;
      column.decode = policy == "text" ? sql::k_each<decode_text> : sql::k_each<decode_number<double>>;
      return column;
    }
    std::tie(width, scale) = precision_of(std::string_view(policy).substr(policy.find('(')));
  }
  column.type = Type::decimal(static_cast<std::uint8_t>(width), static_cast<std::uint8_t>(scale));
  return column;
}

TextColumn scalar_column(std::string_view type, const nlohmann::json& config) {
  const std::size_t open = std::min(type.find('('), type.size());
  const std::size_t close = std::min(type.find(')', open), type.size() - 1);
  // "timestamp(3) with time zone"
  const std::string name = open == type.size()
                               ? std::string(type)
                               : std::string(trim(type.substr(0, open))) + std::string(type.substr(close + 1));
  const auto* known = std::ranges::find_if(
      k_text_types, [&](const TextType& one) { return std::ranges::find(one.names, name) != one.names.end(); });
  if (name == "json" || name == "jsonb")
    return {.name = {}, .type = Type::json(), .decode = sql::k_each<decode_text>};
  if (known == k_text_types.end()) return {.name = {}, .type = TypeId::varchar, .decode = sql::k_each<decode_text>};
  if (known->type == TypeId::decimal) return decimal_column(type.substr(open), config);
  return {.name = {}, .type = known->type, .is_cast = known->is_cast, .decode = known->decode};
}

}  // namespace

TextColumn text_column(std::string name, std::string_view type, const nlohmann::json& config) {
  const std::string lower = to_lower(trim(type));
  std::string_view element(lower);
  TextColumn column;
  if (element.ends_with("[]")) {
    element.remove_suffix(2);
    column.elements.push_back(scalar_column(element, config));
    column.type = Type::list(column.elements.front().type);
    column.decode = sql::k_each<decode_array>;
  } else {
    column = scalar_column(element, config);
  }
  column.name = std::move(name);
  return column;
}

}  // namespace spillway::drivers::supabase
