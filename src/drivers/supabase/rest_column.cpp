#include "drivers/supabase/rest_column.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "engine/sql.hpp"

namespace spillway::drivers::supabase {
namespace {

using engine::Column;
using engine::Type;
using engine::TypeId;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

bool is_whole(const Type& type) {
  const bool is_large = type.id == TypeId::bigint || type.id == TypeId::ubigint || type.id == TypeId::hugeint ||
                        type.id == TypeId::uhugeint;
  return is_small_integer(type.id) || is_large || (type.id == TypeId::decimal && type.scale == 0);
}

bool is_textual(const Type& type) {
  return type.id == TypeId::varchar || type.id == TypeId::enum_ || type.id == TypeId::bit;
}

/// Whether each value of the type is one of the other, or the server refuses it by itself.
bool is_kept(const Type& type, std::string_view target) {
  if (is_one_of(target, {"text", "character varying", "character", "citext"})) return type.id != TypeId::blob;
  if (is_one_of(target, {"smallint", "integer", "bigint"})) return is_whole(type);
  if (target == "numeric") return is_whole(type) || type.id == TypeId::decimal || type.id == TypeId::varchar;
  if (target == "real") return type.id == TypeId::float_;
  if (target == "double precision") {
    return type.id == TypeId::double_ || type.id == TypeId::float_ || is_small_integer(type.id);
  }
  if (target == "boolean") return type.id == TypeId::boolean;
  if (target == "bytea") return type.id == TypeId::blob;
  if (target == "date") return type.id == TypeId::date;
  if (target == "time without time zone") return type.id == TypeId::time;
  if (target == "time with time zone") return type.id == TypeId::time_tz;
  if (target == "timestamp without time zone") {
    return type.id == TypeId::timestamp || type.id == TypeId::timestamp_s || type.id == TypeId::timestamp_ms ||
           type.id == TypeId::date;
  }
  if (target == "timestamp with time zone") return type.id == TypeId::timestamp_tz;
  if (target == "interval") return type.id == TypeId::interval;
  if (target == "uuid") return type.id == TypeId::uuid || type.id == TypeId::varchar;
  return is_textual(type);
}

std::string text_of_column(const Type& type, const std::string& name, std::string_view target) {
  if (type.id == TypeId::blob) return fmt::format("'\\x' || hex({})", name);
  // The text of a FLOAT is the shortest one of a FLOAT.
  if (type.id == TypeId::float_ && target == "double precision") {
    return fmt::format("CAST(CAST({} AS DOUBLE) AS VARCHAR)", name);
  }
  return is_nested(type) ? fmt::format("CAST(to_json({}) AS VARCHAR)", name)
                         : fmt::format("CAST({} AS VARCHAR)", name);
}

Error lossy_error(const Column& source, std::string_view target) {
  return make_error(ErrorCode::invalid_config,
                    fmt::format("column '{}' is {} in the input and {} in the table: values could change",
                                source.name, source.type.to_sql(), target),
                    fmt::format("cast it in a duckdb.processor step, where it is seen: CAST({} AS …)",
                                engine::quote_identifier(source.name)));
}

}  // namespace

Result<RestColumn> rest_column(const Column& source, std::string_view target_type) {
  const std::string name = engine::quote_identifier(source.name);
  RestColumn column{.name = source.name, .select = {}};
  if (is_one_of(target_type, {"json", "jsonb"}) && (source.type.id == TypeId::varchar || is_nested(source.type))) {
    column.select = text_of_column(source.type, name, target_type);
    column.is_json = true;
    return column;
  }
  if (target_type.ends_with("[]") && source.type.id == TypeId::list) {
    const Type& element = source.type.children.front();
    if (is_nested(element) || element.id == TypeId::blob ||
        !is_kept(element, target_type.substr(0, target_type.size() - 2))) {
      return Failure(lossy_error(source, target_type));
    }
    // As texts: numbers of JSON would be doubles on their way.
    column.select = fmt::format("CAST(to_json(CAST({} AS VARCHAR[])) AS VARCHAR)", name);
    column.is_json = true;
    return column;
  }
  if (!is_kept(source.type, target_type)) return Failure(lossy_error(source, target_type));
  column.select = text_of_column(source.type, name, target_type);
  return column;
}

void append_json_string(std::string& json, std::string_view text) {
  constexpr unsigned char k_first_printable = 0x20;
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < k_first_printable) {
      json += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      json += c;
    }
  }
  json += '"';
}

}  // namespace spillway::drivers::supabase
