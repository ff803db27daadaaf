#include "drivers/postgres/column_type.hpp"

#include <algorithm>
#include <utility>

#include "drivers/postgres/decode.hpp"
#include "drivers/postgres/numeric.hpp"
#include "drivers/postgres/oids.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

using engine::Type;
using engine::TypeId;

constexpr int k_max_decimal_width = 38;

/// What NUMERIC(p,s) says, if the engine has such a DECIMAL. A negative scale means zeros in front of the point, and
/// one beyond the precision zeros behind it.
std::optional<Type> declared_decimal(int type_modifier) {
  const auto declared = declared_numeric(type_modifier);
  if (!declared) return std::nullopt;
  const auto [precision, scale] = *declared;
  const int width = scale < 0 ? precision - scale : std::max(precision, scale);
  if (width > k_max_decimal_width) return std::nullopt;
  return Type::decimal(static_cast<std::uint8_t>(width), static_cast<std::uint8_t>(std::max(scale, 0)));
}

ColumnReader text_reader() {
  ColumnReader reader;
  reader.type = TypeId::varchar;
  reader.cast = "text";
  reader.decode = sql::k_each<decode_text>;
  return reader;
}

ColumnReader numeric_reader(const NativeType& native, int type_modifier, const NumericPolicy& policy) {
  ColumnReader reader;
  reader.decode = native.decode;
  reader.special_is_null = policy.special_is_null;
  if (const auto declared = declared_decimal(type_modifier)) {
    reader.type = *declared;
    return reader;
  }
  switch (policy.unbounded) {
    case NumericPolicy::Unbounded::text:
      return text_reader();
    case NumericPolicy::Unbounded::double_:
      reader.type = TypeId::double_;
      reader.cast = "float8";
      reader.decode = sql::k_each<decode_double>;
      return reader;
    case NumericPolicy::Unbounded::decimal:
      break;
  }
  reader.type = Type::decimal(policy.width, policy.scale);
  return reader;
}

ColumnReader native_reader(const NativeType& native, int type_modifier, const NumericPolicy& policy) {
  if (native.type == TypeId::decimal) return numeric_reader(native, type_modifier, policy);
  ColumnReader reader;
  reader.type = native.oid == oid::k_json || native.oid == oid::k_jsonb ? Type::json() : Type(native.type);
  reader.decode = native.decode;
  return reader;
}

ColumnReader list_reader(ColumnReader element) {
  ColumnReader reader;
  reader.type = Type::list(element.type);
  reader.decode = sql::k_each<decode_list>;
  if (!element.cast.empty()) reader.cast = element.cast + "[]";
  reader.elements.push_back(std::move(element));
  return reader;
}

bool is_array(Oid type, ServerConnection& connection) {
  return connection.text("SELECT typcategory FROM pg_catalog.pg_type WHERE oid = $1", {std::to_string(type)}) == "A";
}

ColumnReader reader_of(const ServerColumn& column, const NumericPolicy& policy, ServerConnection& connection) {
  if (const NativeType* native = find_native_type(column.type)) {
    return native_reader(*native, column.type_modifier, policy);
  }
  if (const NativeType* element = find_native_element(column.type)) {
    return list_reader(native_reader(*element, column.type_modifier, policy));
  }
  return is_array(column.type, connection) ? list_reader(text_reader()) : text_reader();
}

}  // namespace

NumericPolicy numeric_policy(std::string_view unbounded, bool special_is_null) {
  NumericPolicy policy;
  policy.special_is_null = special_is_null;
  if (unbounded == "text") policy.unbounded = NumericPolicy::Unbounded::text;
  if (unbounded == "double") policy.unbounded = NumericPolicy::Unbounded::double_;
  const std::size_t open = unbounded.find('(');
  const std::size_t comma = unbounded.find(',');
  if (open == std::string_view::npos || comma == std::string_view::npos) return policy;
  const auto width = parse_uint(unbounded.substr(open + 1, comma - open - 1)).value_or(0);
  const auto scale = parse_uint(unbounded.substr(comma + 1, unbounded.size() - comma - 2)).value_or(0);
  policy.width = static_cast<std::uint8_t>(width);
  policy.scale = static_cast<std::uint8_t>(scale);
  return policy;
}

std::vector<ColumnReader> column_readers(const std::vector<ServerColumn>& columns, const NumericPolicy& policy,
                                         ServerConnection& connection) {
  std::vector<ColumnReader> readers;
  for (const ServerColumn& column : columns) {
    readers.push_back(reader_of(column, policy, connection));
    readers.back().name = column.name;
  }
  return readers;
}

void check_texts(std::vector<ColumnReader>& readers) {
  for (ColumnReader& reader : readers) {
    if (reader.type.id == TypeId::varchar && reader.decode == sql::k_each<decode_text>)
      reader.decode = sql::k_each<decode_checked_text>;
    check_texts(reader.elements);
  }
}

}  // namespace spillway::drivers::postgres
