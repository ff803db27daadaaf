#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

/// Options of a step's config as the file drivers read them. The config was validated, so a wrong type is a bug.
namespace spillway::drivers::file {

/// A text, or a list of texts, as a list; empty when the option is not given.
std::vector<std::string> texts(const nlohmann::json& config, const char* option);

template <typename T>
std::optional<T> option(const nlohmann::json& config, const char* name) {
  const auto found = config.find(name);
  return found == config.end() || found->is_null() ? std::nullopt : std::optional(found->get<T>());
}

}  // namespace spillway::drivers::file
