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
  /// Masks `value` from now on, also as it stands in JSON, in SQL, in a URL and in base64; of a value of several
  /// lines each line too. Shorter than 4 bytes it is ignored: it would mask ordinary text.
  void add_secret(std::string_view value);

  std::string redact(std::string_view text) const;
  /// Every string of the value, every number that is a secret of 6 digits or more, and every value under a secret
  /// key, whatever its type.
  Json redact(const Json& value) const;
  nlohmann::ordered_json redact(const nlohmann::ordered_json& value) const;

 private:
  template <typename AnyJson>
  AnyJson redact_json(const AnyJson& value) const;
  void add_forms(std::string_view value);

  std::vector<std::string> m_secrets;  ///< every form of every secret, the longest first
};

}  // namespace spillway::config
