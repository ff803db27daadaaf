#include "engine/type.hpp"

#include <array>
#include <string>
#include <utility>

#include <duckdb.h>
#include <fmt/format.h>

#include "engine/handles.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::engine {
namespace {

struct NameRow {
  TypeId id;
  std::string_view name;
};

constexpr std::array k_names{
    NameRow{TypeId::boolean, "BOOLEAN"},
    NameRow{TypeId::tinyint, "TINYINT"},
    NameRow{TypeId::smallint, "SMALLINT"},
    NameRow{TypeId::integer, "INTEGER"},
    NameRow{TypeId::bigint, "BIGINT"},
    NameRow{TypeId::utinyint, "UTINYINT"},
    NameRow{TypeId::usmallint, "USMALLINT"},
    NameRow{TypeId::uinteger, "UINTEGER"},
    NameRow{TypeId::ubigint, "UBIGINT"},
    NameRow{TypeId::float_, "FLOAT"},
    NameRow{TypeId::double_, "DOUBLE"},
    NameRow{TypeId::timestamp, "TIMESTAMP"},
    NameRow{TypeId::date, "DATE"},
    NameRow{TypeId::time, "TIME"},
    NameRow{TypeId::interval, "INTERVAL"},
    NameRow{TypeId::hugeint, "HUGEINT"},
    NameRow{TypeId::varchar, "VARCHAR"},
    NameRow{TypeId::blob, "BLOB"},
    NameRow{TypeId::timestamp_s, "TIMESTAMP_S"},
    NameRow{TypeId::timestamp_ms, "TIMESTAMP_MS"},
    NameRow{TypeId::timestamp_ns, "TIMESTAMP_NS"},
    NameRow{TypeId::uuid, "UUID"},
    NameRow{TypeId::bit, "BIT"},
    NameRow{TypeId::time_tz, "TIME WITH TIME ZONE"},
    NameRow{TypeId::timestamp_tz, "TIMESTAMP WITH TIME ZONE"},
    NameRow{TypeId::uhugeint, "UHUGEINT"},
    NameRow{TypeId::bignum, "BIGNUM"},
    NameRow{TypeId::sql_null, "INTEGER"},  // what CREATE TABLE makes of an untyped NULL
    NameRow{TypeId::time_ns, "TIME_NS"},
    NameRow{TypeId::geometry, "GEOMETRY"},
    NameRow{TypeId::variant, "VARIANT"},
};

std::string take_text(char* text) {
  std::string copy = text == nullptr ? "" : text;
  duckdb_free(text);
  return copy;
}

std::string members_sql(const Type& type) {
  std::vector<std::string> members;
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    members.push_back(quote_identifier(type.names[i]) + " " + type.children[i].to_sql());
  }
  return join(members, ", ");
}

std::string dictionary_sql(const Type& type) {
  std::vector<std::string> literals;
  for (const std::string& name : type.names) literals.push_back(quote_literal(name));
  return join(literals, ", ");
}

/// Children of a composite type, through one of DuckDB's accessors; every handle it returns is ours to free.
Type child(duckdb_logical_type parent, duckdb_logical_type (*accessor)(duckdb_logical_type)) {
  const LogicalTypeHandle handle(accessor(parent));
  return type_from(handle.get());
}

void read_struct(duckdb_logical_type handle, Type& type) {
  for (idx_t i = 0; i < duckdb_struct_type_child_count(handle); ++i) {
    type.names.push_back(take_text(duckdb_struct_type_child_name(handle, i)));
    const LogicalTypeHandle member(duckdb_struct_type_child_type(handle, i));
    type.children.push_back(type_from(member.get()));
  }
}

void read_union(duckdb_logical_type handle, Type& type) {
  for (idx_t i = 0; i < duckdb_union_type_member_count(handle); ++i) {
    type.names.push_back(take_text(duckdb_union_type_member_name(handle, i)));
    const LogicalTypeHandle member(duckdb_union_type_member_type(handle, i));
    type.children.push_back(type_from(member.get()));
  }
}

std::vector<const char*> c_strings(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

LogicalTypeHandle members_handle(const Type& type,
                                 duckdb_logical_type (*create)(duckdb_logical_type*, const char**, idx_t)) {
  std::vector<LogicalTypeHandle> owners;
  std::vector<duckdb_logical_type> members;
  for (const Type& member : type.children) {
    owners.push_back(handle_of(member));
    members.push_back(owners.back().get());
  }
  std::vector<const char*> names = c_strings(type.names);
  return LogicalTypeHandle(create(members.data(), names.data(), members.size()));
}

}  // namespace

Type Type::decimal(std::uint8_t width, std::uint8_t scale) {
  Type type(TypeId::decimal);
  type.width = width;
  type.scale = scale;
  return type;
}

Type Type::list(Type element) {
  Type type(TypeId::list);
  type.children.push_back(std::move(element));
  return type;
}

Type Type::array(Type element, std::uint64_t size) {
  Type type(TypeId::array);
  type.children.push_back(std::move(element));
  type.array_size = size;
  return type;
}

Type Type::map(Type key, Type value) {
  Type type(TypeId::map);
  type.children.push_back(std::move(key));
  type.children.push_back(std::move(value));
  return type;
}

Type Type::structure(std::vector<std::string> names, std::vector<Type> members) {
  Type type(TypeId::struct_);
  type.names = std::move(names);
  type.children = std::move(members);
  return type;
}

Type Type::enumeration(std::vector<std::string> dictionary) {
  Type type(TypeId::enum_);
  type.names = std::move(dictionary);
  return type;
}

Type Type::json() {
  Type type(TypeId::varchar);
  type.alias = "JSON";
  return type;
}

std::string Type::to_sql() const {
  switch (id) {
    case TypeId::decimal:
      return fmt::format("DECIMAL({},{})", width, scale);
    case TypeId::enum_:
      return fmt::format("ENUM({})", dictionary_sql(*this));
    case TypeId::list:
      return children[0].to_sql() + "[]";
    case TypeId::array:
      return fmt::format("{}[{}]", children[0].to_sql(), array_size);
    case TypeId::map:
      return fmt::format("MAP({}, {})", children[0].to_sql(), children[1].to_sql());
    case TypeId::struct_:
      return fmt::format("STRUCT({})", members_sql(*this));
    case TypeId::union_:
      return fmt::format("UNION({})", members_sql(*this));
    default:
      break;
  }
  if (!alias.empty()) return alias;
  for (const NameRow& row : k_names) {
    if (row.id == id) return std::string(row.name);
  }
  return "VARCHAR";  // a type younger than this program: its text is what can be kept
}

Type type_from(duckdb_logical_type handle) {
  Type type(static_cast<TypeId>(duckdb_get_type_id(handle)));
  switch (type.id) {
    case TypeId::varchar:
      type.alias = take_text(duckdb_logical_type_get_alias(handle));
      break;
    case TypeId::decimal:
      type.width = duckdb_decimal_width(handle);
      type.scale = duckdb_decimal_scale(handle);
      break;
    case TypeId::enum_:
      for (idx_t i = 0; i < duckdb_enum_dictionary_size(handle); ++i) {
        type.names.push_back(take_text(duckdb_enum_dictionary_value(handle, i)));
      }
      break;
    case TypeId::list:
      type.children.push_back(child(handle, duckdb_list_type_child_type));
      break;
    case TypeId::array:
      type.children.push_back(child(handle, duckdb_array_type_child_type));
      type.array_size = duckdb_array_type_array_size(handle);
      break;
    case TypeId::map:
      type.children.push_back(child(handle, duckdb_map_type_key_type));
      type.children.push_back(child(handle, duckdb_map_type_value_type));
      break;
    case TypeId::struct_:
      read_struct(handle, type);
      break;
    case TypeId::union_:
      read_union(handle, type);
      break;
    default:
      break;
  }
  return type;
}

LogicalTypeHandle handle_of(const Type& type) {
  switch (type.id) {
    case TypeId::decimal:
      return LogicalTypeHandle(duckdb_create_decimal_type(type.width, type.scale));
    case TypeId::enum_: {
      std::vector<const char*> names = c_strings(type.names);
      return LogicalTypeHandle(duckdb_create_enum_type(names.data(), names.size()));
    }
    case TypeId::list:
      return LogicalTypeHandle(duckdb_create_list_type(handle_of(type.children[0]).get()));
    case TypeId::array:
      return LogicalTypeHandle(duckdb_create_array_type(handle_of(type.children[0]).get(), type.array_size));
    case TypeId::map:
      return LogicalTypeHandle(
          duckdb_create_map_type(handle_of(type.children[0]).get(), handle_of(type.children[1]).get()));
    case TypeId::struct_:
      return members_handle(type, duckdb_create_struct_type);
    case TypeId::union_:
      return members_handle(type, [](duckdb_logical_type* members, const char** names, idx_t count) {
        return duckdb_create_union_type(members, names, count);
      });
    default: {
      LogicalTypeHandle handle(duckdb_create_logical_type(static_cast<duckdb_type>(type.id)));
      if (!type.alias.empty()) duckdb_logical_type_set_alias(handle.get(), type.alias.c_str());
      return handle;
    }
  }
}

bool is_nested(const Type& type) {
  switch (type.id) {
    case TypeId::list:
    case TypeId::array:
    case TypeId::struct_:
    case TypeId::map:
    case TypeId::union_:
      return true;
    default:
      return false;
  }
}

bool is_small_integer(TypeId id) {
  switch (id) {
    case TypeId::tinyint:
    case TypeId::smallint:
    case TypeId::integer:
    case TypeId::utinyint:
    case TypeId::usmallint:
    case TypeId::uinteger:
      return true;
    default:
      return false;
  }
}

bool is_integer(TypeId id) {
  return is_small_integer(id) || id == TypeId::bigint || id == TypeId::ubigint || id == TypeId::hugeint;
}

}  // namespace spillway::engine
