#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace spillway::config {

/// Overwrites a text in memory and empties it: it may be a secret. Copies that were made of it are others' to wipe.
void wipe(std::string& text);
/// The same for every text of a value.
void wipe(nlohmann::json& value);

/// Wipes a value when it goes out of scope.
class WipeAtEnd {
 public:
  explicit WipeAtEnd(nlohmann::json& value) : m_value(value) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() { wipe(m_value); }

 private:
  nlohmann::json& m_value;
};

}  // namespace spillway::config
