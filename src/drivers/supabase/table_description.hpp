#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/sql/table_name.hpp"
#include "drivers/supabase/rest_client.hpp"

namespace spillway::drivers::supabase {

struct DescribedColumn {
  std::string name;
  std::string type;  ///< PostgreSQL's, without precision: "numeric", "character varying", "integer[]"
  bool is_nullable = true;
  bool has_default = false;
  bool is_key = false;  ///< of the primary key
};

struct DescribedTable {
  std::string name;
  std::vector<DescribedColumn> columns;
};

/// The tables and views of an OpenAPI description as PostgREST writes it, in the order of their names.
std::vector<DescribedTable> read_descriptions(const nlohmann::ordered_json& document);

/// Asks for the description of the schema of `table` (its name may be empty).
std::vector<DescribedTable> describe_tables(RestClient& client, const sql::TableName& table);
/// Throws, with the nearest name, when there is no such table.
DescribedTable describe_table(RestClient& client, const sql::TableName& table);

}  // namespace spillway::drivers::supabase
