#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/postgres/column_type.hpp"

namespace spillway::drivers::postgres {

/// The statements that together read all rows once: one for each part that `partition` asks for, else one. Parts are
/// ranges of the named column (whose NULLs are in the first part), or of a table's pages. `connection` is inside the
/// transaction whose snapshot all parts are read under.
std::vector<std::string> partition_queries(const nlohmann::json& config, const std::string& base,
                                           const std::vector<ServerColumn>& server_columns,
                                           const std::vector<ColumnReader>& columns, ServerConnection& connection);

}  // namespace spillway::drivers::postgres
