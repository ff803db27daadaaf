#pragma once

#include "drivers/driver.hpp"

/// Supabase, reached in one of two ways. The first of them is PostgreSQL's own driver, which is handed in as a value:
/// no family of drivers includes another.
namespace spillway::drivers::supabase {

enum class Channel { postgres, rest };

/// By the step's `channel` and what the connection has. Throws invalid_config when they do not go together.
Channel choose_channel(const Json& config, const Json& fields);

/// Whether a connection goes by PostgreSQL when nobody says how.
bool has_dsn(const Json& fields);

/// Makes the step one of the family postgres: the same rows, tables and options, but its DSN.
void become_postgres(StepContext& context);
/// The same of a connection's fields. Nothing is copied: secrets stay where they are overwritten at the end.
void become_postgres(Json& fields);

/// The key for REST: service_role_key, else key, else anon_key; empty when there is none.
std::string rest_key(const Json& fields);
/// Where PostgREST is, without a slash at the end: "https://….supabase.co/rest/v1"; empty when the connection does
/// not say it.
std::string rest_url(const Json& fields);

}  // namespace spillway::drivers::supabase
