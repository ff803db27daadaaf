#include "config/connection_fields.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "util/secret.hpp"
#include "util/strings.hpp"

namespace spillway::config {
namespace {

constexpr std::array k_postgres{
    ConnectionField{"host", "Name or address of the server. Default localhost."},
    ConnectionField{"port", "Default 5432."},
    ConnectionField{"socket", "Folder of the server's socket, in place of host."},
    ConnectionField{"database", "Default: the name of the user."},
    ConnectionField{"user", "Default: that of the system."},
    ConnectionField{"password", "As it is: no character of it is escaped.", true},
    ConnectionField{"dsn", "postgresql://… with all of this in one; other fields then overrule its parts.", true},
    ConnectionField{"schema", "Where tables are that are named without a schema. Default: the server's search_path."},
    ConnectionField{"sslmode", "disable, prefer (default), require, verify-ca or verify-full."},
    ConnectionField{"sslrootcert", "File of the authorities that verify-ca and verify-full trust."},
    ConnectionField{"sslcert", "File of the client's certificate."},
    ConnectionField{"sslkey", "File of the client's key."},
    ConnectionField{"connect_timeout", "Seconds to wait for the server. Default 10."},
};

constexpr std::array k_mysql{
    ConnectionField{"host", "Name or address of the server. Default localhost, by TCP."},
    ConnectionField{"port", "Default 3306."},
    ConnectionField{"socket", "The server's socket, in place of host."},
    ConnectionField{"database", "The database whose tables are meant."},
    ConnectionField{"user", "Default: that of the system."},
    ConnectionField{"password", "As it is: no character of it is escaped.", true},
    ConnectionField{"sslmode", "disable, prefer (default), require, verify-ca or verify-full."},
    ConnectionField{"sslrootcert", "File of the authorities that verify-ca and verify-full trust."},
    ConnectionField{"sslcert", "File of the client's certificate."},
    ConnectionField{"sslkey", "File of the client's key."},
    ConnectionField{"connect_timeout", "Seconds to wait for the server. Default 10."},
};

constexpr std::array k_supabase{
    ConnectionField{"url", "https://<project>.supabase.co, or the address of a PostgREST with its path."},
    ConnectionField{"project_id", "The project, in place of url."},
    ConnectionField{"service_role_key", "The key for REST that may do everything.", true},
    ConnectionField{"key", "Any other key for REST: a secret key, or a user's token.", true},
    ConnectionField{"anon_key", "The key for REST that policies restrict. Used when there is no other one.", true},
    ConnectionField{"pg_dsn", "postgresql://… of the database or its pooler: steps then go without REST.", true},
    ConnectionField{"schema", "Where tables are that are named without a schema. Default: the server's first one."},
    ConnectionField{"sslmode", "Of pg_dsn: disable, prefer (default), require, verify-ca or verify-full."},
    ConnectionField{"sslrootcert", "File of the authorities to trust. For url, default those of the system."},
    ConnectionField{"connect_timeout", "Seconds to wait for the server. Default 10."},
};

}  // namespace

std::span<const ConnectionField> connection_fields(std::string_view family) {
  if (family == "postgres") return k_postgres;
  if (family == "mysql") return k_mysql;
  if (family == "supabase") return k_supabase;
  return {};
}

bool is_secret_field(std::string_view family, std::string_view name) {
  const std::span<const ConnectionField> known = connection_fields(family);
  const auto field = std::ranges::find(known, name, &ConnectionField::name);
  return is_secret_key(name) || (field != known.end() && field->is_secret);
}

std::vector<Error> check_connection_fields(const Connection& connection) {
  std::vector<Error> errors;
  const std::span<const ConnectionField> known = connection_fields(connection.family);
  if (known.empty()) return errors;
  std::vector<std::string> names;
  for (const ConnectionField& field : known) names.emplace_back(field.name);
  for (const auto& [key, field] : connection.fields) {
    if (std::ranges::find(names, key) != names.end()) continue;
    const auto nearest = closest_match(key, names);
    errors.push_back(make_error(
        ErrorCode::usage,
        fmt::format("unknown field '{}' of connection '@{}.{}': the family {} has none of that name", key,
                    connection.family, connection.alias, connection.family),
        nearest ? fmt::format("did you mean '{}'?", *nearest) : fmt::format("the fields are {}", join(names, ", "))));
    errors.back().location = field.location;
  }
  return errors;
}

std::string field_text(const nlohmann::json& fields, std::string_view name) {
  const auto field = fields.find(name);
  if (field == fields.end() || field->is_null()) return {};
  return field->is_string() ? field->get<std::string>() : field->dump();
}

}  // namespace spillway::config
