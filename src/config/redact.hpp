#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace spillway::config {

using Json = nlohmann::json;

/// What stands in the place of a secret.
inline constexpr std::string_view k_mask = "***";

/// Takes secrets out of everything that leaves the process: by the name of their key, as user-info of a URL, and by
/// their value wherever it stands. Filled before use; then const and thread-safe.
class Redactor {
 public:
  /// Masks `value` from now on, also URL-encoded and as base64. Shorter than 4 bytes it is ignored: it would mask
  /// ordinary text.
  void add_secret(std::string_view value);

  std::string redact(std::string_view text) const;
  /// Every string of the value, and every value under a secret key, whatever its type.
  Json redact(const Json& value) const;

 private:
  std::vector<std::string> m_secrets;  ///< every form of every secret, the longest first
};

}  // namespace spillway::config
