#include "config/connections.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "config/connection_fields.hpp"
#include "util/strings.hpp"

namespace spillway::config {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  });
}

class ConnectionReader {
 public:
  explicit ConnectionReader(const std::string& file_name) : m_file_name(file_name) {}

  void read(const YAML::Node& root) {
    if (root.IsNull()) return;
    if (!root.IsMap()) return add(root, "invalid connections file: it is no map of keys", k_form);
    for (const auto& entry : root) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (key == "connections") {
        read_families(entry.second);
      } else if (key != "version") {
        add(entry.first, fmt::format("unknown key '{}': the connections file has none of that name", key), k_form);
      }
    }
  }
  void add(Location location, std::string message, std::string hint = {}) {
    m_errors.push_back(make_error(ErrorCode::usage, std::move(message), std::move(hint)));
    m_errors.back().location = std::move(location);
  }
  Location location(const YAML::Mark& mark) const {
    return {m_file_name, static_cast<std::size_t>(mark.line + 1), static_cast<std::size_t>(mark.column + 1)};
  }
  Checked<std::vector<Connection>> take() {
    if (!m_errors.empty()) return tl::unexpected(std::move(m_errors));
    return std::move(m_connections);
  }

 private:
  static constexpr const char* k_form =
      "write connections: {mysql: {main: {host: localhost, password: \"${PASSWORD}\"}}}";

  void add(const YAML::Node& node, std::string message, std::string hint = {}) {
    add(location(node.Mark()), std::move(message), std::move(hint));
  }
  void read_families(const YAML::Node& families) {
    if (families.IsNull()) return;
    if (!families.IsMap()) return add(families, "invalid 'connections': must be a map of families", k_form);
    for (const auto& family : families) {
      if (!family.second.IsMap()) {
        add(family.second, fmt::format("invalid family '{}': must be a map of connections", family.first.Scalar()),
            k_form);
        continue;
      }
      for (const auto& alias : family.second) read_connection(family.first.Scalar(), alias.first, alias.second);
    }
  }
  void read_connection(const std::string& family, const YAML::Node& alias, const YAML::Node& fields) {
    const std::string name = fmt::format("@{}.{}", family, alias.Scalar());
    if (!is_name(family) || !is_name(alias.Scalar())) {
      return add(alias, fmt::format("invalid connection '{}': a name has letters, digits, '_' and '-' only", name));
    }
    if (!fields.IsMap())
      return add(fields, fmt::format("invalid connection '{}': must be a map of fields", name), k_form);
    const auto same = [&](const Connection& other) {
      return other.family == family && other.alias == alias.Scalar();
    };
    if (std::ranges::any_of(m_connections, same)) {
      return add(alias, fmt::format("duplicate connection '{}': it is declared already", name),
                 "keep one of the two");
    }
    Connection connection{family, alias.Scalar(), false, {}};
    for (const auto& field : fields) {
      const std::string key = field.first.Scalar();
      if (!field.second.IsScalar()) {
        if (field.second.IsNull()) continue;
        add(field.second, fmt::format("invalid field '{}' of connection '{}': must be a single value", key, name));
      } else if (key == "default") {
        read_default(connection, field.second, name);
      } else {
        connection.fields[key] = {field.second.Scalar(), field.second.Tag() == "!", location(field.second.Mark())};
      }
    }
    m_connections.push_back(std::move(connection));
  }
  void read_default(Connection& connection, const YAML::Node& value, const std::string& name) {
    const std::string& text = value.Scalar();
    if (text != "true" && text != "false") {
      return add(value, fmt::format("invalid 'default' of connection '{}': must be true or false", name));
    }
    connection.is_default = text == "true";
    const auto other = std::ranges::find_if(m_connections, [&](const Connection& candidate) {
      return candidate.family == connection.family && candidate.is_default;
    });
    if (connection.is_default && other != m_connections.end()) {
      add(value,
          fmt::format("second default '{}': '@{}.{}' is the default of its family", name, other->family,
                      other->alias),
          "keep one of the two");
    }
  }

  const std::string& m_file_name;
  std::vector<Connection> m_connections;
  std::vector<Error> m_errors;
};

/// Replaces the references of one field.
class FieldResolver {
 public:
  FieldResolver(std::string what, const Connection::Field& field, const ValueSources& sources)
      : m_what(std::move(what)), m_field(field), m_sources(sources) {}

  std::string resolve() {
    std::string resolved;
    std::string_view rest = m_field.text;
    for (std::size_t at = rest.find("${"); at != std::string_view::npos; at = rest.find("${")) {
      const bool is_escaped = at > 0 && rest[at - 1] == '$';
      const std::size_t end = rest.find('}', at);
      if (is_escaped || end == std::string_view::npos) {
        resolved += rest.substr(0, is_escaped ? at - 1 : at);
        resolved += "${";
        rest.remove_prefix(at + 2);
        if (!is_escaped) add("'${' without its '}'", "write $${ for the text ${");
        continue;
      }
      resolved += rest.substr(0, at);
      resolved += value_of(std::string(rest.substr(at + 2, end - at - 2)));
      rest.remove_prefix(end + 1);
    }
    return resolved += rest;
  }
  const std::vector<std::string>& outside_values() const { return m_outside_values; }
  const std::vector<Error>& errors() const { return m_errors; }

 private:
  void add(const std::string& why, std::string hint = {}) {
    m_errors.push_back(
        make_error(ErrorCode::connection, fmt::format("cannot resolve {}: {}", m_what, why), std::move(hint)));
    m_errors.back().location = m_field.location;
  }
  std::string from_outside(std::string value) {
    m_outside_values.push_back(value);
    return value;
  }
  std::string value_of(const std::string& reference) {
    constexpr std::string_view k_file = "file:";
    if (reference.starts_with(k_file)) return file_value(reference.substr(k_file.size()));
    const std::size_t fallback = reference.find(":-");
    const std::string variable = reference.substr(0, fallback);
    if (auto value = m_sources.environment(variable); value && !value->empty())
      return from_outside(std::move(*value));
    const auto dotenv = m_sources.dotenv.find(variable);
    if (dotenv != m_sources.dotenv.end() && !dotenv->second.empty()) return from_outside(dotenv->second);
    if (fallback != std::string::npos) return reference.substr(fallback + 2);
    add(fmt::format("the variable {} is not set", variable),
        fmt::format("export {0}, or write {0}=… in .env", variable));
    return {};
  }
  std::string file_value(const std::string& path) {
    Result<std::string> text = m_sources.read_file(path);
    if (!text) {
      add(text.error().message);
      return {};
    }
    // Files of secrets usually end in a newline that is no part of them.
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    return from_outside(std::move(*text));
  }

  std::string m_what;
  const Connection::Field& m_field;
  const ValueSources& m_sources;
  std::vector<std::string> m_outside_values;
  std::vector<Error> m_errors;
};

/// Plain numbers and booleans of the file keep their type.
Json field_json(const Connection::Field& field, const std::string& resolved) {
  if (field.is_quoted || resolved != field.text) return resolved;
  if (const auto number = parse_uint(resolved)) return *number;
  if (resolved == "true" || resolved == "false") return resolved == "true";
  return resolved;
}

}  // namespace

Checked<std::vector<Connection>> read_connections(const std::string& text, const std::string& file_name) {
  ConnectionReader reader(file_name);
  try {
    reader.read(YAML::Load(text));
  } catch (const YAML::Exception& exception) {
    reader.add(reader.location(exception.mark), fmt::format("invalid YAML: {}", exception.msg));
  }
  return reader.take();
}

Checked<std::map<std::string, std::string>> read_dotenv(std::string_view text, const std::string& file_name) {
  std::map<std::string, std::string> values;
  std::vector<Error> errors;
  std::size_t number = 0;
  for (const std::string& raw : split(text, '\n')) {
    ++number;
    std::string_view line = trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const std::size_t equals = line.find('=');
    const std::string_view key = trim(line.substr(0, std::min(equals, line.size())));
    if (equals == std::string_view::npos || !is_name(key)) {
      // The line may be a piece of a secret: it is not shown.
      errors.push_back(make_error(ErrorCode::usage, "invalid line: it is no NAME=value", "write NAME=value"));
      errors.back().location = Location{file_name, number, 1};
      continue;
    }
    std::string_view value = trim(line.substr(equals + 1));
    const char quote = value.empty() ? '\0' : value[0];
    const std::size_t end = quote == '"' || quote == '\'' ? value.find(quote, 1) : std::string_view::npos;
    if (end != std::string_view::npos) {
      value = value.substr(1, end - 1);
    } else if (const std::size_t comment = value.find(" #"); comment != std::string_view::npos) {
      value = trim(value.substr(0, comment));
    }
    values[std::string(key)] = value;
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return values;
}

Checked<ResolvedConnection> resolve_connection(const Connection& connection, const ValueSources& sources) {
  ResolvedConnection resolved;
  std::vector<Error> errors;
  for (const auto& [key, field] : connection.fields) {
    FieldResolver resolver(fmt::format("'{}' of connection '@{}.{}'", key, connection.family, connection.alias),
                           field, sources);
    const std::string text = resolver.resolve();
    resolved.fields[key] = field_json(field, text);
    std::ranges::copy(resolver.errors(), std::back_inserter(errors));
    std::ranges::copy(resolver.outside_values(), std::back_inserter(resolved.secrets));
    if (is_secret_field(connection.family, key)) resolved.secrets.push_back(text);
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return resolved;
}

}  // namespace spillway::config
