#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spillway::engine {

/// `name` as a quoted SQL identifier.
std::string quote_identifier(std::string_view name);
/// `text` as an SQL string literal.
std::string quote_literal(std::string_view text);
/// ['a', 'b'] as an SQL list literal.
std::string quote_list(const std::vector<std::string>& texts);

}  // namespace spillway::engine
