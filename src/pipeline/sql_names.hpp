#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spillway::pipeline {

/// The names that a SQL text reads rows from: those behind FROM and JOIN, as they are written, each once. Left out
/// are names with a schema, table functions, common table expressions of the text, files in quotes, and what comments
/// and texts hold. It is no parser: a text that is no SQL gives some names or none.
std::vector<std::string> table_names_in(std::string_view sql);

}  // namespace spillway::pipeline
