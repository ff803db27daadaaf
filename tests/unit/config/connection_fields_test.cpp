#include "config/connection_fields.hpp"

#include <gtest/gtest.h>

#include "util/secret.hpp"

namespace spillway::config {
namespace {

std::vector<std::string> field_errors_of(const std::string& text) {
  std::vector<std::string> errors;
  const auto connections = read_connections(text, "c.yaml");
  for (const Connection& connection : connections.value()) {
    for (const Error& error : check_connection_fields(connection)) errors.push_back(error.to_display());
  }
  return errors;
}

TEST(ConnectionFields, AnUnknownFieldIsNamedWithItsPlace) {
  EXPECT_EQ(field_errors_of("connections:\n  postgres:\n    main: {host: db, pasword: hunter2}\n"),
            (std::vector<std::string>{
                "c.yaml:3:31: error: unknown field 'pasword' of connection '@postgres.main': the family postgres has "
                "none of that name\n  hint: did you mean 'password'?"}));
  EXPECT_EQ(field_errors_of("connections: {mysql: {main: {qqq: 1}}}"),
            (std::vector<std::string>{
                "c.yaml:1:35: error: unknown field 'qqq' of connection '@mysql.main': the family mysql has none of "
                "that name\n  hint: the fields are host, port, socket, database, user, password, sslmode, "
                "sslrootcert, sslcert, sslkey, connect_timeout"}));
}

TEST(ConnectionFields, AProjectsOwnFamiliesHaveAnyField) {
  EXPECT_TRUE(field_errors_of("connections: {acme: {main: {realm: x}}}").empty());
}

/// The redactor goes by the name of a field, and by what the family says.
TEST(ConnectionFields, SecretsAreThoseThatTheirNamesSay) {
  for (const char* family : {"postgres", "mysql", "supabase"}) {
    EXPECT_FALSE(connection_fields(family).empty());
    for (const ConnectionField& field : connection_fields(family)) {
      if (field.name == "key") continue;
      EXPECT_EQ(field.is_secret, is_secret_key(field.name)) << family << ' ' << field.name;
    }
  }
}

TEST(ConnectionFields, AKeyIsASecretWhereItsFamilySaysSo) {
  EXPECT_TRUE(is_secret_field("supabase", "key"));
  EXPECT_FALSE(is_secret_field("supabase", "url"));
  EXPECT_FALSE(is_secret_field("acme", "key"));
  EXPECT_TRUE(is_secret_field("acme", "password"));
  const auto connections = read_connections("connections: {supabase: {main: {key: planted}}}", "c.yaml");
  EXPECT_EQ(resolve_connection(connections.value().front(), {}).value().secrets,
            (std::vector<std::string>{"planted"}));
}

}  // namespace
}  // namespace spillway::config
