#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

/// What an extractor's options mean as SQL, in every family of databases.
namespace spillway::drivers::sql {

/// "table 'orders'" or "the query": for errors.
std::string what_is_read(const nlohmann::json& config);

/// The config's `query`, or the SELECT that its `table`, `columns`, `filter`, `order` and `limit` stand for, with one
/// more condition where given; names are quoted with `quote`. Throws invalid_config on options that exclude each
/// other.
std::string select_query(const nlohmann::json& config, char quote, std::string_view condition = {});

/// Which of the rows' columns `partition` names; throws invalid_config with a suggestion when there is none.
std::size_t partition_column(const nlohmann::json& partition, const std::vector<std::string>& names);

/// Conditions that divide the rows by a column (as SQL) at these bounds (as SQL, rising): every row meets exactly one
/// of them, and those that are NULL the first. Without bounds there is one condition, which is empty.
std::vector<std::string> range_conditions(const std::string& column, const std::vector<std::string>& bounds);

}  // namespace spillway::drivers::sql
