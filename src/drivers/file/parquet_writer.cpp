#include "drivers/file/parquet_writer.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "drivers/file/output_file.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::Type;
using engine::TypeId;

constexpr std::uint8_t k_widest_decimal = 38;

/// The type that keeps the values in Parquet. The engine's writer turns 128-bit integers into DOUBLE, moves a time's
/// zone to UTC, cuts an INTERVAL to milliseconds and takes a UNION apart.
Type type_for_parquet(const Type& type) {
  switch (type.id) {
    case TypeId::hugeint:
    case TypeId::uhugeint:
      return Type::decimal(k_widest_decimal, 0);
    case TypeId::time_tz:
    case TypeId::interval:
    case TypeId::union_:
      return TypeId::varchar;
    default:
      break;
  }
  Type kept = type;
  for (Type& child : kept.children) child = type_for_parquet(child);
  return kept;
}

std::string select_for_parquet(const frame::ResolvedInput& input) {
  std::vector<std::string> items;
  for (const engine::Column& column : input.schema) {
    const std::string name = engine::quote_identifier(column.name);
    const Type type = type_for_parquet(column.type);
    items.push_back(type == column.type ? name : fmt::format("CAST({0} AS {1}) AS {0}", name, type.to_sql()));
  }
  return fmt::format("SELECT {} FROM ({}) AS frame", join(items, ", "), input.select_sql);
}

std::string copy_options(const Json& config) {
  const auto compression = config.at("compression").get<std::string>();
  return fmt::format(", COMPRESSION {}, ROW_GROUP_SIZE {}",
                     engine::quote_literal(compression == "none" ? "uncompressed" : compression),
                     config.at("row_group_rows").get<std::uint64_t>());
}

}  // namespace

StepResult ParquetWriter::run(StepContext& context) const {
  const frame::ResolvedInput& input = required_input(context, "filesystem.parquet_writer");
  return write_output(context, {"parquet", select_for_parquet(input), copy_options(context.config)});
}

}  // namespace spillway::drivers::file
