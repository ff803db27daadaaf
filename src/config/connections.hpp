#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "util/error.hpp"

namespace spillway::config {

using Json = nlohmann::json;

/// The files that a project's connections may be in; the first that there is counts.
inline constexpr std::string_view k_connection_files[] = {"spillway_connections.yaml", "osiris_connections.yaml"};

/// A connection as the file writes it: its values are not yet replaced, so it holds no secret that the file does not.
struct Connection {
  struct Field {
    std::string text;
    bool is_quoted = false;
    Location location;
  };
  std::string family;
  std::string alias;
  bool is_default = false;
  std::map<std::string, Field> fields;
};

template <typename T>
using Checked = tl::expected<T, std::vector<Error>>;

/// Reads connections: {family: {alias: {field: value}}}. All errors at once, code usage, none with a value.
Checked<std::vector<Connection>> read_connections(const std::string& text, const std::string& file_name);

/// Where the values in ${…} come from.
struct ValueSources {
  std::function<std::optional<std::string>(const std::string& variable)> environment;
  std::map<std::string, std::string> dotenv;  ///< counts where the environment says nothing
  std::function<Result<std::string>(const std::string& path)> read_file;
};

/// KEY=value lines, comments, export and quotes; what is no such line is an error.
Checked<std::map<std::string, std::string>> read_dotenv(std::string_view text, const std::string& file_name);

/// A connection with its values, and which of them are secret: those of secret keys, and those that came from
/// outside.
struct ResolvedConnection {
  Json fields = Json::object();
  std::vector<std::string> secrets;
};
/// Replaces ${VAR}, ${VAR:-default} and ${file:PATH}; $${ stands for ${. Errors (code connection) name the variable
/// or file and the field, never a value.
Checked<ResolvedConnection> resolve_connection(const Connection& connection, const ValueSources& sources);

}  // namespace spillway::config
