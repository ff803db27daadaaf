#include "drivers/postgres/target_table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "drivers/postgres/numeric.hpp"
#include "drivers/postgres/oids.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

using engine::Type;
using engine::TypeId;

constexpr const char* k_columns_sql = R"(
SELECT a.attname, b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END,
       format_type(a.atttypid, a.atttypmod), a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '',
       a.attgenerated <> '', b.typtype = 'e', b.typname, coalesce(e.oid, 0), coalesce(e.typtype = 'e', false)
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_catalog.pg_type e ON e.oid = b.typelem AND b.typcategory = 'A'
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum)";

Oid oid_of(const std::optional<std::string>& text) {
  return static_cast<Oid>(parse_uint(text.value_or("")).value_or(0));
}
bool is_true(const std::optional<std::string>& text) { return text == "t"; }

TableColumn column_of(const TextRow& row) {
  TableColumn column;
  column.target = {.name = row[0].value_or(""),
                   .type = row[3].value_or(""),
                   .is_nullable = !is_true(row[4]),
                   .has_default = is_true(row[5]) && !is_true(row[6]),
                   .is_generated = is_true(row[6])};
  column.type = oid_of(row[1]);
  column.type_modifier = std::stoi(row[2].value_or("-1"));
  column.is_enum = is_true(row[7]);
  column.type_name = row[8].value_or("");
  column.element_type = oid_of(row[9]);
  column.is_element_enum = is_true(row[10]);
  return column;
}

/// How many integers of a type come before and behind it: -1 for what is no integer.
int integer_rank(const Type& type) {
  switch (type.id) {
    case TypeId::tinyint:
    case TypeId::utinyint:
    case TypeId::smallint:
      return 0;
    case TypeId::usmallint:
    case TypeId::integer:
      return 1;
    case TypeId::uinteger:
    case TypeId::bigint:
      return 2;
    case TypeId::ubigint:
    case TypeId::hugeint:
    case TypeId::uhugeint:
      return 3;
    default:
      return -1;
  }
}

int integer_rank(Oid type) {
  if (type == oid::k_int2) return 0;
  if (type == oid::k_int4) return 1;
  return type == oid::k_int8 ? 2 : -1;
}

/// Digits in front of the point that an integer type of the server may have.
int integer_digits(Oid type) {
  constexpr int k_int2_digits = 5;
  constexpr int k_int4_digits = 10;
  constexpr int k_int8_digits = 19;
  if (type == oid::k_int2) return k_int2_digits;
  return type == oid::k_int4 ? k_int4_digits : k_int8_digits;
}

std::optional<std::string> widened_decimal(const Type& source, const TableColumn& column) {
  const int source_digits = source.width - source.scale;
  if (integer_rank(column.type) >= 0) {
    const int digits = std::max(source_digits, integer_digits(column.type));
    return fmt::format("numeric({},{})", digits + source.scale, source.scale);
  }
  const auto declared = declared_numeric(column.type_modifier);
  if (column.type != oid::k_numeric || !declared) return std::nullopt;
  const int digits = std::max(source_digits, declared->precision - declared->scale);
  const int scale = std::max<int>(source.scale, declared->scale);
  if (digits + scale == declared->precision && scale == declared->scale) return std::nullopt;
  return fmt::format("numeric({},{})", digits + scale, scale);
}

}  // namespace

std::optional<TargetTable> find_table(const sql::TableName& name, ServerConnection& connection) {
  TargetTable table;
  table.sql_name = name.to_sql(k_name_quote);
  const std::string oid = connection.text("SELECT to_regclass($1)::oid", {table.sql_name});
  if (oid.empty()) return std::nullopt;
  for (const TextRow& row : connection.rows(k_columns_sql, {oid})) table.columns.push_back(column_of(row));
  table.is_referenced = connection.text(
                            "SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE contype = 'f' AND "
                            "confrelid = $1::oid AND conrelid <> confrelid)",
                            {oid}) == "t";
  return table;
}

std::string type_for(const Type& type) {
  switch (type.id) {
    case TypeId::boolean:
      return "boolean";
    case TypeId::tinyint:
    case TypeId::utinyint:
    case TypeId::smallint:
      return "smallint";
    case TypeId::usmallint:
    case TypeId::integer:
      return "integer";
    case TypeId::uinteger:
    case TypeId::bigint:
      return "bigint";
    case TypeId::ubigint:
      return "numeric(20,0)";
    case TypeId::hugeint:
    case TypeId::uhugeint:
      return "numeric(39,0)";
    case TypeId::float_:
      return "real";
    case TypeId::double_:
      return "double precision";
    case TypeId::decimal:
      return fmt::format("numeric({},{})", type.width, type.scale);
    case TypeId::blob:
      return "bytea";
    case TypeId::date:
      return "date";
    case TypeId::time:
    case TypeId::time_ns:
      return "time";
    case TypeId::time_tz:
      return "timetz";
    case TypeId::timestamp:
    case TypeId::timestamp_s:
    case TypeId::timestamp_ms:
    case TypeId::timestamp_ns:
      return "timestamp";
    case TypeId::timestamp_tz:
      return "timestamptz";
    case TypeId::interval:
      return "interval";
    case TypeId::uuid:
      return "uuid";
    case TypeId::bit:
      return "bit varying";
    case TypeId::list:
      return type.children.front().id == TypeId::list || type_for(type.children.front()) == "json"
                 ? "json"
                 : type_for(type.children.front()) + "[]";
    case TypeId::array:
    case TypeId::struct_:
    case TypeId::map:
    case TypeId::union_:
      return "json";
    case TypeId::sql_null:
      return "integer";
    default:
      return type.alias == "JSON" ? "json" : "text";
  }
}

std::string create_statement(const sql::TableName& name, const engine::Schema& input,
                             const std::vector<std::string>& primary_key) {
  std::vector<std::string> lines;
  for (const engine::Column& column : input) {
    lines.push_back(fmt::format("  {} {}", sql::quoted(column.name, k_name_quote), type_for(column.type)));
  }
  if (!primary_key.empty()) {
    lines.push_back(fmt::format("  PRIMARY KEY ({})", sql::quoted_list(primary_key, k_name_quote)));
  }
  return fmt::format("CREATE TABLE {} (\n{}\n)", name.to_sql(k_name_quote), join(lines, ",\n"));
}

std::optional<std::string> widened_type(const Type& source, const TableColumn& column) {
  const int source_rank = integer_rank(source);
  const int column_rank = integer_rank(column.type);
  if (source_rank > column_rank && column_rank >= 0) return type_for(source);
  if (source.id == TypeId::decimal) return widened_decimal(source, column);
  if (source.id == TypeId::double_ && column.type == oid::k_float4) return type_for(source);
  if (type_for(source) == "timestamp" && column.type == oid::k_date) return type_for(source);
  return std::nullopt;
}

}  // namespace spillway::drivers::postgres
