#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/postgres/column_type.hpp"

/// The SQL that an extractor sends, beside sql::select_query.
namespace spillway::drivers::postgres {

/// The config's `params` as libpq binds them.
TextRow bound_parameters(const nlohmann::json& config);

/// Whether COPY takes the statement: it begins like one that returns a table.
bool is_copyable(std::string_view sql);

/// `base` with the casts that its columns need, and with a condition on them, which are named c1, c2…; `base` itself
/// when there is neither.
std::string read_query(const std::string& base, const std::vector<ColumnReader>& columns,
                       std::string_view condition = {});

}  // namespace spillway::drivers::postgres
