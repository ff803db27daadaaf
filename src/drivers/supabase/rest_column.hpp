#pragma once

#include <string>
#include <string_view>

#include "engine/type.hpp"
#include "util/error.hpp"

namespace spillway::drivers::supabase {

/// How a column of the input goes into the JSON of a request: as text, which PostgreSQL reads as the column's type,
/// so that no number passes through a double.
struct RestColumn {
  std::string name;
  std::string select;    ///< SQL over the input that gives a VARCHAR
  bool is_json = false;  ///< the text is JSON, and goes in as it is
};

/// For a column of the table, whose type is PostgreSQL's without precision. An error where values could change.
Result<RestColumn> rest_column(const engine::Column& source, std::string_view target_type);

/// `text` as a JSON string. It must be UTF-8.
void append_json_string(std::string& json, std::string_view text);

}  // namespace spillway::drivers::supabase
