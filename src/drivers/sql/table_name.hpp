#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "util/error.hpp"

/// What the database drivers share. No family of drivers itself: each of them may include it.
namespace spillway::drivers::sql {

/// `name` as an identifier in SQL: between quotes, and a quote in it doubled.
std::string quoted(std::string_view name, char quote);
/// Several of them: "a", "b".
std::string quoted_list(const std::vector<std::string>& names, char quote);

/// A table as a config names it.
struct TableName {
  std::string schema = {};  ///< empty: whatever the connection makes of it
  std::string name;

  /// As people read it: schema.name.
  std::string shown() const { return schema.empty() ? name : schema + "." + name; }
  std::string to_sql(char quote) const;
  bool operator==(const TableName&) const = default;
};

/// Reads `name`, `schema.name`, and parts in double quotes or backticks (`sales."order items"`), where a dot is no
/// separator. Letters keep their case.
Result<TableName> parse_table_name(std::string_view text);

}  // namespace spillway::drivers::sql
