#include "drivers/mysql/target_table.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "drivers/mysql/session.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::mysql {
namespace {

using engine::Type;
using engine::TypeId;

struct NamedKind {
  std::string_view name;
  ColumnKind kind;
};
constexpr std::array k_kinds{
    NamedKind{"tinyint", ColumnKind::integer},
    NamedKind{"smallint", ColumnKind::integer},
    NamedKind{"mediumint", ColumnKind::integer},
    NamedKind{"int", ColumnKind::integer},
    NamedKind{"bigint", ColumnKind::integer},
    NamedKind{"year", ColumnKind::integer},
    NamedKind{"bit", ColumnKind::bit},
    NamedKind{"decimal", ColumnKind::decimal},
    NamedKind{"float", ColumnKind::float_},
    NamedKind{"double", ColumnKind::double_},
    NamedKind{"binary", ColumnKind::bytes},
    NamedKind{"varbinary", ColumnKind::bytes},
    NamedKind{"tinyblob", ColumnKind::bytes},
    NamedKind{"blob", ColumnKind::bytes},
    NamedKind{"mediumblob", ColumnKind::bytes},
    NamedKind{"longblob", ColumnKind::bytes},
    NamedKind{"geometry", ColumnKind::bytes},
    NamedKind{"point", ColumnKind::bytes},
    NamedKind{"linestring", ColumnKind::bytes},
    NamedKind{"polygon", ColumnKind::bytes},
    NamedKind{"multipoint", ColumnKind::bytes},
    NamedKind{"multilinestring", ColumnKind::bytes},
    NamedKind{"multipolygon", ColumnKind::bytes},
    NamedKind{"geometrycollection", ColumnKind::bytes},
    NamedKind{"date", ColumnKind::date},
    NamedKind{"time", ColumnKind::time},
    NamedKind{"datetime", ColumnKind::datetime},
    NamedKind{"timestamp", ColumnKind::timestamp},
    NamedKind{"uuid", ColumnKind::uuid},
};

ColumnKind kind_of(std::string_view data_type) {
  const auto* found = std::ranges::find(k_kinds, data_type, &NamedKind::name);
  return found == k_kinds.end() ? ColumnKind::text : found->kind;
}

int number_of(const std::optional<std::string>& text) {
  return static_cast<int>(parse_uint(text.value_or("")).value_or(0));
}

/// `at` has the names of schema and table to look for.
std::string columns_sql(const std::string& at) {
  return "SELECT column_name, data_type, column_type, is_nullable, column_default, extra, generation_expression, "
         "numeric_precision, COALESCE(numeric_scale, datetime_precision) FROM information_schema.columns WHERE " +
         at + " ORDER BY ordinal_position";
}

TableColumn column_of(const TextRow& row) {
  TableColumn column;
  const std::string extra = to_lower(row[5].value_or(""));
  const bool is_generated = !row[6].value_or("").empty();
  const bool counts = extra.find("auto_increment") != std::string::npos;
  column.target = {.name = row[0].value_or(""),
                   .type = row[2].value_or(""),
                   .is_nullable = row[3] == "YES",
                   .has_default = !is_generated && (counts || row[4].value_or("NULL") != "NULL"),
                   .is_generated = is_generated};
  column.data_type = row[1].value_or("");
  column.kind = kind_of(column.data_type);
  column.is_unsigned = column.target.type.find("unsigned") != std::string::npos;
  column.precision = number_of(row[7]);
  column.scale = number_of(row[8]);
  return column;
}

int integer_rank(const Type& type) {
  switch (type.id) {
    case TypeId::boolean:
    case TypeId::tinyint:
    case TypeId::utinyint:
      return 0;
    case TypeId::smallint:
    case TypeId::usmallint:
      return 1;
    case TypeId::integer:
    case TypeId::uinteger:
      return 2;
    case TypeId::bigint:
    case TypeId::ubigint:
      return 3;
    default:
      return -1;
  }
}

int integer_rank(std::string_view data_type) {
  if (data_type == "tinyint") return 0;
  if (data_type == "smallint") return 1;
  if (data_type == "mediumint" || data_type == "int") return 2;
  return data_type == "bigint" ? 3 : -1;
}

bool is_unsigned_type(const Type& type) {
  return type.id == TypeId::utinyint || type.id == TypeId::usmallint || type.id == TypeId::uinteger ||
         type.id == TypeId::ubigint;
}

/// An integer type that has the values of both; a mixture of signs needs one more size, and there is none above
/// BIGINT.
std::optional<std::string> widened_integer(const Type& source, const TableColumn& column) {
  constexpr std::array<std::string_view, 4> k_names{"tinyint", "smallint", "int", "bigint"};
  const bool is_unsigned = is_unsigned_type(source);
  const int source_rank = integer_rank(source);
  const int column_rank = integer_rank(column.data_type);
  if (source_rank < 0 || column_rank < 0) return std::nullopt;
  if (is_unsigned == column.is_unsigned) {
    // MEDIUMINT is smaller than the engine's type of the same rank.
    const bool fits = column.data_type == "mediumint" ? source_rank < column_rank : source_rank <= column_rank;
    if (fits) return std::nullopt;
    return fmt::format("{}{}", k_names.at(static_cast<std::size_t>(source_rank)), is_unsigned ? " unsigned" : "");
  }
  if (is_unsigned && source_rank < column_rank) return std::nullopt;
  const int rank = std::max(is_unsigned ? source_rank + 1 : source_rank, column.is_unsigned ? column_rank + 1 : 0);
  if (rank >= static_cast<int>(k_names.size())) return "decimal(20,0)";
  return std::string(k_names.at(static_cast<std::size_t>(rank)));
}

std::optional<std::string> widened_decimal(const Type& source, const TableColumn& column) {
  constexpr int k_bigint_digits = 20;
  const bool is_integer = column.kind == ColumnKind::integer;
  if (!is_integer && column.kind != ColumnKind::decimal) return std::nullopt;
  const int column_digits = is_integer ? k_bigint_digits : column.precision - column.scale;
  const int column_scale = is_integer ? 0 : column.scale;
  const int digits = std::max(source.width - source.scale, column_digits);
  const int scale = std::max<int>(source.scale, column_scale);
  if (!is_integer && digits == column_digits && scale == column_scale) return std::nullopt;
  if (is_integer && source.scale == 0 && source.width < 3) return std::nullopt;
  return fmt::format("decimal({},{})", digits + scale, scale);
}

}  // namespace

std::optional<TargetTable> find_table(const sql::TableName& name, ServerConnection& connection) {
  TargetTable table;
  table.name = name;
  if (name.schema.empty()) table.name.schema = connection.text("SELECT DATABASE()");
  if (table.name.schema.empty()) {
    fail(ErrorCode::connection, "the connection names no database", "name it there, or write database.table");
  }
  const std::string schema = text_literal(table.name.schema);
  const std::string bare = text_literal(table.name.name);
  const std::string at = fmt::format("table_schema = {} AND table_name = {}", schema, bare);
  const std::vector<TextRow> found = connection.rows(
      "SELECT t.engine, e.transactions = 'YES' FROM information_schema.tables AS t LEFT JOIN "
      "information_schema.engines "
      "AS e ON e.engine = t.engine WHERE t.table_type <> 'VIEW' AND " +
      at);
  if (found.empty()) return std::nullopt;
  table.engine = found[0][0].value_or("");
  table.is_transactional = found[0][1] == "1";
  for (const TextRow& row : connection.rows(columns_sql(at))) table.columns.push_back(column_of(row));
  table.is_free =
      connection.text(fmt::format(
          "SELECT (SELECT COUNT(*) FROM information_schema.triggers WHERE event_object_schema = {0} AND "
          "event_object_table = {1}) + (SELECT COUNT(*) FROM information_schema.referential_constraints WHERE "
          "(constraint_schema = {0} AND table_name = {1}) OR (unique_constraint_schema = {0} AND "
          "referenced_table_name = {1}))",
          schema, bare)) == "0";
  std::string last;
  for (const TextRow& row :
       connection.rows("SELECT index_name, column_name FROM information_schema.statistics WHERE non_unique = 0 AND " +
                       at + " ORDER BY index_name, seq_in_index")) {
    if (table.unique_keys.empty() || last != row[0].value_or("")) table.unique_keys.emplace_back();
    last = row[0].value_or("");
    table.unique_keys.back().push_back(row[1].value_or(""));
  }
  return table;
}

std::string type_for(const Type& type, bool is_key) {
  switch (type.id) {
    case TypeId::boolean:
      return "tinyint(1)";
    case TypeId::tinyint:
      return "tinyint";
    case TypeId::utinyint:
      return "tinyint unsigned";
    case TypeId::smallint:
      return "smallint";
    case TypeId::usmallint:
      return "smallint unsigned";
    case TypeId::integer:
    case TypeId::sql_null:
      return "int";
    case TypeId::uinteger:
      return "int unsigned";
    case TypeId::bigint:
      return "bigint";
    case TypeId::ubigint:
      return "bigint unsigned";
    case TypeId::hugeint:
    case TypeId::uhugeint:
      return "decimal(39,0)";
    case TypeId::float_:
      return "float";
    case TypeId::double_:
      return "double";
    case TypeId::decimal:
      return fmt::format("decimal({},{})", type.width, type.scale);
    case TypeId::blob:
      return is_key ? "varbinary(255)" : "longblob";
    case TypeId::date:
      return "date";
    case TypeId::time:
    case TypeId::time_ns:
    case TypeId::interval:
      return "time(6)";
    case TypeId::timestamp:
    case TypeId::timestamp_s:
    case TypeId::timestamp_ms:
    case TypeId::timestamp_ns:
      return "datetime(6)";
    case TypeId::timestamp_tz:
      return "timestamp(6)";
    case TypeId::uuid:
      return "uuid";
    case TypeId::list:
    case TypeId::array:
    case TypeId::struct_:
    case TypeId::map:
    case TypeId::union_:
      return "json";
    default:
      if (type.alias == "JSON") return "json";
      return is_key ? "varchar(255)" : "longtext";
  }
}

std::string create_statement(const std::string& name_sql, const engine::Schema& input,
                             const std::vector<std::string>& primary_key) {
  std::vector<std::string> lines;
  for (const engine::Column& column : input) {
    const bool is_key = std::ranges::find(primary_key, column.name) != primary_key.end();
    lines.push_back(fmt::format("  {} {} {}", sql::quoted(column.name, k_name_quote), type_for(column.type, is_key),
                                is_key ? "NOT NULL" : "NULL"));
  }
  if (!primary_key.empty()) {
    lines.push_back(fmt::format("  PRIMARY KEY ({})", sql::quoted_list(primary_key, k_name_quote)));
  }
  return fmt::format("CREATE TABLE {} (\n{}\n) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4", name_sql,
                     join(lines, ",\n"));
}

std::optional<std::string> widened_type(const Type& source, const TableColumn& column) {
  if (column.kind == ColumnKind::integer && integer_rank(source) >= 0) return widened_integer(source, column);
  if (column.kind == ColumnKind::integer && (source.id == TypeId::hugeint || source.id == TypeId::uhugeint)) {
    return type_for(source);
  }
  if (source.id == TypeId::decimal) return widened_decimal(source, column);
  if (source.id == TypeId::double_ && column.kind == ColumnKind::float_) return "double";
  const std::string wanted = type_for(source);
  const bool is_datetime = wanted == "datetime(6)";
  if (is_datetime && column.kind == ColumnKind::date) return wanted;
  constexpr int k_microseconds = 6;
  if (column.scale < k_microseconds) {
    if (is_datetime && column.kind == ColumnKind::datetime) return wanted;
    if (wanted == "timestamp(6)" && column.kind == ColumnKind::timestamp) return wanted;
    if (wanted == "time(6)" && column.kind == ColumnKind::time) return wanted;
  }
  const bool is_short_text = column.kind == ColumnKind::text && column.target.type.starts_with("varchar");
  if (is_short_text && source.id == TypeId::varchar && source.alias.empty()) return "longtext";
  return std::nullopt;
}

}  // namespace spillway::drivers::mysql
