#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/postgres/server_connection.hpp"
#include "drivers/sql/schema_change.hpp"
#include "engine/type.hpp"

namespace spillway::drivers::postgres {

/// A column of the table that is written to.
struct TableColumn {
  sql::TargetColumn target;
  Oid type = 0;  ///< of a domain: the type below it
  int type_modifier = -1;
  bool is_enum = false;
  std::string type_name;  ///< bare: "int4"
  Oid element_type = 0;   ///< of an array, else 0
  bool is_element_enum = false;
};

/// A table as it is inside the writer's transaction.
struct TargetTable {
  std::string sql_name;  ///< quoted
  std::vector<TableColumn> columns;
  bool is_referenced = false;  ///< by foreign keys of other tables
};

/// Nothing when there is no such table.
std::optional<TargetTable> find_table(const sql::TableName& name, ServerConnection& connection);

/// The type that keeps all values of an engine's type.
std::string type_for(const engine::Type& type);
/// CREATE TABLE for an input; with a primary key where one is named.
std::string create_statement(const sql::TableName& name, const engine::Schema& input,
                             const std::vector<std::string>& primary_key);
/// The type that a column should have so that it takes all values of `source` beside its own: on the way from smaller
/// to larger integers, floats and decimals, integers to decimals, and dates to timestamps. Nothing when the column
/// does already, or when there is no such type.
std::optional<std::string> widened_type(const engine::Type& source, const TableColumn& column);

}  // namespace spillway::drivers::postgres
