#pragma once

#include <string>
#include <string_view>

#include "util/error.hpp"

namespace spillway::drivers::duckdb {

/// What a step's SQL is known by when it fails.
struct QueryScope {
  std::string step_id;
  std::string sql;
  std::string visible_inputs;  ///< "df, input_df (= extract-movies)", as hints show it
};

/// The engine's error about the user's SQL in the user's terms: a path that is not granted comes with the YAML that
/// would grant it, an unknown table with the names that there are, and a caret only when it points into the user's
/// text. Other errors come back as they are.
Error explain_query_error(const QueryScope& scope, Error error);

}  // namespace spillway::drivers::duckdb
