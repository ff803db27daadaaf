#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/connections.hpp"
#include "util/error.hpp"

namespace spillway::config {

/// A field that the connections of a family may have.
struct ConnectionField {
  std::string_view name;
  std::string_view description;
  bool is_secret = false;
};

/// The fields of a built-in family's connections, in the order in which they are explained; empty for a family that
/// a project describes itself.
std::span<const ConnectionField> connection_fields(std::string_view family);

/// Whether a field's value is a secret: by its name alone, or because its family says so.
bool is_secret_field(std::string_view family, std::string_view name);

/// A field of a connection that was filled in, as text; empty when it is missing or null.
std::string field_text(const nlohmann::json& fields, std::string_view name);

/// Fields that their family does not have, each with its place. Values are not looked at.
std::vector<Error> check_connection_fields(const Connection& connection);

}  // namespace spillway::config
