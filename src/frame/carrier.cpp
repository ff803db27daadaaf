#include "frame/carrier.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::frame {
namespace {

using engine::quote_identifier;
using engine::quote_literal;
using engine::Type;
using engine::TypeId;

/// How one type, not what is inside it, goes through Parquet.
enum class Carriage {
  as_it_is,
  cast_back,  ///< Parquet changes the type but keeps the value
  text,       ///< as its text, which is exact
  parts,      ///< as a STRUCT, or rebuilt around its packed children
};

Carriage carriage_of(TypeId id) {
  switch (id) {
    case TypeId::hugeint:
    case TypeId::uhugeint:
    case TypeId::time_tz:
    case TypeId::enum_:
    case TypeId::bit:
    case TypeId::bignum:
    case TypeId::timestamp_s:
      return Carriage::text;
    case TypeId::timestamp_ms:
    case TypeId::array:
    case TypeId::sql_null:
    case TypeId::geometry:
      return Carriage::cast_back;
    case TypeId::interval:
    case TypeId::union_:
      return Carriage::parts;
    default:
      return Carriage::as_it_is;
  }
}

std::string cast(const std::string& expression, const std::string& type) {
  return fmt::format("CAST({} AS {})", expression, type);
}

std::string unless_null(const std::string& expression, const std::string& value) {
  return fmt::format("CASE WHEN {} IS NULL THEN NULL ELSE {} END", expression, value);
}

/// Packs or unpacks, which differ only in the leaves. Lambda parameters are numbered by depth: inner ones must not
/// hide outer ones.
class Translator {
 public:
  enum class Direction { pack, unpack };
  explicit Translator(Direction direction) : m_direction(direction) {}

  std::string translate(const Type& type, const std::string& expression) {
    if (!needs_carrier(type)) return expression;
    switch (type.id) {
      case TypeId::list:
        return transform_list(type.children[0], expression);
      case TypeId::array:
        return array(type, expression);
      case TypeId::map:
        return map(type, expression);
      case TypeId::struct_:
        return structure(type, expression);
      case TypeId::union_:
        return packs() ? pack_union(type, expression) : unpack_union(type, expression);
      case TypeId::interval:
        return packs() ? pack_interval(expression) : unpack_interval(expression);
      default:
        break;
    }
    if (!packs()) return cast(expression, type.to_sql());
    return carriage_of(type.id) == Carriage::text ? cast(expression, "VARCHAR") : expression;
  }

 private:
  bool packs() const { return m_direction == Direction::pack; }

  std::string transform_list(const Type& element, const std::string& expression) {
    if (!needs_carrier(element)) return expression;
    const std::string parameter = fmt::format("x{}", m_depth++);
    const std::string body = translate(element, parameter);
    --m_depth;
    return fmt::format("list_transform({}, lambda {}: {})", expression, parameter, body);
  }

  std::string array(const Type& type, const std::string& expression) {
    if (!packs()) return cast(transform_list(type.children[0], expression), type.to_sql());
    return transform_list(type.children[0], cast(expression, type.children[0].to_sql() + "[]"));
  }

  std::string map(const Type& type, const std::string& expression) {
    const std::string parameter = fmt::format("x{}", m_depth++);
    const std::string key = translate(type.children[0], fmt::format("struct_extract({}, 'key')", parameter));
    const std::string value = translate(type.children[1], fmt::format("struct_extract({}, 'value')", parameter));
    --m_depth;
    return unless_null(
        expression, fmt::format("map_from_entries(list_transform(map_entries({}), lambda {}: struct_pack(key := {}, "
                                "value := {})))",
                                expression, parameter, key, value));
  }

  std::string structure(const Type& type, const std::string& expression) {
    std::vector<std::string> members;
    for (std::size_t i = 0; i < type.children.size(); ++i) {
      const std::string member = fmt::format("struct_extract({}, {})", expression, quote_literal(type.names[i]));
      members.push_back(quote_identifier(type.names[i]) + " := " + translate(type.children[i], member));
    }
    return unless_null(expression, fmt::format("struct_pack({})", join(members, ", ")));
  }

  std::string pack_union(const Type& type, const std::string& expression) {
    std::vector<std::string> members{fmt::format("tag := CAST(union_tag({}) AS VARCHAR)", expression)};
    for (std::size_t i = 0; i < type.children.size(); ++i) {
      const std::string member = fmt::format("union_extract({}, {})", expression, quote_literal(type.names[i]));
      members.push_back(fmt::format("m{} := {}", i, translate(type.children[i], member)));
    }
    return unless_null(expression, fmt::format("struct_pack({})", join(members, ", ")));
  }

  std::string unpack_union(const Type& type, const std::string& expression) {
    std::string cases;
    for (std::size_t i = 0; i < type.children.size(); ++i) {
      const std::string member = translate(type.children[i], fmt::format("struct_extract({}, 'm{}')", expression, i));
      cases += fmt::format(
          " WHEN {} THEN {}", quote_literal(type.names[i]),
          cast(fmt::format("union_value({} := {})", quote_identifier(type.names[i]), member), type.to_sql()));
    }
    return fmt::format("CASE struct_extract({}, 'tag'){} END", expression, cases);
  }

  /// Parquet's INTERVAL holds milliseconds and no signs: the three parts DuckDB has are kept apart.
  static std::string pack_interval(const std::string& expression) {
    const std::string months =
        fmt::format("CAST(datepart('year', {0}) * 12 + datepart('month', {0}) AS INTEGER)", expression);
    const std::string days = fmt::format("CAST(datepart('day', {}) AS INTEGER)", expression);
    return unless_null(
        expression, fmt::format("struct_pack(months := {0}, days := {1}, micros := epoch_us({2} - to_months({0}) - "
                                "to_days({1})))",
                                months, days, expression));
  }

  static std::string unpack_interval(const std::string& expression) {
    return unless_null(
        expression, fmt::format("to_months(struct_extract({0}, 'months')) + to_days(struct_extract({0}, 'days')) + "
                                "to_microseconds(struct_extract({0}, 'micros'))",
                                expression));
  }

  Direction m_direction;
  int m_depth = 0;
};

}  // namespace

bool needs_carrier(const Type& type) {
  return carriage_of(type.id) != Carriage::as_it_is || std::ranges::any_of(type.children, needs_carrier);
}

std::string pack_sql(const Type& type, const std::string& expression) {
  return Translator(Translator::Direction::pack).translate(type, expression);
}

std::string unpack_sql(const Type& type, const std::string& expression) {
  return Translator(Translator::Direction::unpack).translate(type, expression);
}

}  // namespace spillway::frame
