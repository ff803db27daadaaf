#include "config/wipe.hpp"

#include <strings.h>

#include <nlohmann/json.hpp>

namespace spillway::config {

void wipe(std::string& text) {
  // What was there before it became shorter is still behind its end.
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

void wipe(nlohmann::json& value) {
  if (value.is_string()) wipe(value.get_ref<std::string&>());
  if (!value.is_structured()) return;
  for (nlohmann::json& child : value) wipe(child);
}

}  // namespace spillway::config
