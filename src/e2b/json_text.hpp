#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace spillway::e2b {

/// In one line; bytes that are no UTF-8 are replaced.
inline std::string to_text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
/// What somebody else wrote; something that is neither object nor list when it is no JSON.
inline nlohmann::json parse_json(std::string_view text) {
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace spillway::e2b
