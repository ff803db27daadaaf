#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace spillway::testing {

/// What is wrong with a document by schemas/<name>.json, a line an error; empty when nothing is.
std::vector<std::string> schema_errors(const nlohmann::json& document, const std::string& schema_name);
bool schema_exists(const std::string& schema_name);

}  // namespace spillway::testing
