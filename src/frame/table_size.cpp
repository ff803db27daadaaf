#include "frame/table_size.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::frame {
namespace {

using engine::TypeId;

constexpr std::uint64_t k_string_cell_bytes = 16;

/// Bytes of a cell of fixed width; 0 when it depends on the value.
std::uint64_t fixed_width(const engine::Type& type) {
  switch (type.id) {
    case TypeId::boolean:
    case TypeId::tinyint:
    case TypeId::utinyint:
      return 1;
    case TypeId::smallint:
    case TypeId::usmallint:
      return 2;
    case TypeId::integer:
    case TypeId::uinteger:
    case TypeId::float_:
    case TypeId::date:
    case TypeId::enum_:
      return 4;
    case TypeId::interval:
    case TypeId::hugeint:
    case TypeId::uhugeint:
    case TypeId::uuid:
    case TypeId::decimal:
      return 16;
    case TypeId::varchar:
    case TypeId::blob:
    case TypeId::bit:
    case TypeId::bignum:
    case TypeId::list:
    case TypeId::array:
    case TypeId::struct_:
    case TypeId::map:
    case TypeId::union_:
    case TypeId::variant:
    case TypeId::geometry:
      return 0;
    default:
      return 8;
  }
}

}  // namespace

std::uint64_t all_tables_bytes(engine::Connection& connection) {
  return connection.count(
      "SELECT sum(memory_usage_bytes + temporary_storage_bytes) FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'");
}

std::uint64_t table_bytes(engine::Connection& connection, const DataFrame& frame) {
  std::uint64_t bytes_per_row = 0;
  std::vector<std::string> sums{"0"};
  for (const engine::Column& column : frame.schema) {
    const std::uint64_t width = fixed_width(column.type);
    bytes_per_row += width == 0 ? k_string_cell_bytes : width;
    if (width == 0) {
      sums.push_back(
          fmt::format("coalesce(sum(strlen(CAST({} AS VARCHAR))), 0)", engine::quote_identifier(column.name)));
    }
  }
  const std::string sql = fmt::format("SELECT CAST({} AS BIGINT) FROM {}", join(sums, " + "), frame.table);
  return bytes_per_row * frame.row_count + connection.count(sql);
}

}  // namespace spillway::frame
