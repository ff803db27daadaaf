#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/mysql/server_connection.hpp"
#include "drivers/sql/schema_change.hpp"
#include "drivers/sql/table_name.hpp"
#include "engine/type.hpp"

namespace spillway::drivers::mysql {

/// What a column's type is to whoever writes to it.
enum class ColumnKind { integer, bit, decimal, float_, double_, text, bytes, date, time, datetime, timestamp, uuid };

/// A column of the table that is written to.
struct TableColumn {
  sql::TargetColumn target;
  ColumnKind kind = ColumnKind::text;
  std::string data_type;     ///< bare: "int"
  bool is_unsigned = false;  ///< of numbers
  int precision = 0;         ///< digits of a DECIMAL, bits of a BIT
  int scale = 0;             ///< digits behind the point of a DECIMAL, of the seconds of a time
};

struct TargetTable {
  sql::TableName name;  ///< with its schema
  std::vector<TableColumn> columns;
  std::string engine;
  bool is_transactional = true;
  /// Whether the table can be renamed away without something else following it: it has no triggers, and no foreign
  /// keys from or to other tables.
  bool is_free = true;
  std::vector<std::vector<std::string>> unique_keys;  ///< the columns of each
};

/// Nothing when there is no such table; a view is none.
std::optional<TargetTable> find_table(const sql::TableName& name, ServerConnection& connection);

/// The type that keeps all values of an engine's type; of a key where it is one, whose texts cannot be of any length.
std::string type_for(const engine::Type& type, bool is_key = false);
/// CREATE TABLE for an input; with a primary key where one is named.
std::string create_statement(const std::string& name_sql, const engine::Schema& input,
                             const std::vector<std::string>& primary_key);
/// The type that a column should have so that it takes all values of `source` beside its own. Nothing when the column
/// does already, or when there is no such type.
std::optional<std::string> widened_type(const engine::Type& source, const TableColumn& column);

}  // namespace spillway::drivers::mysql
