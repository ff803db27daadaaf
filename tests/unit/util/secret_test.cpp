#include "util/secret.hpp"

#include <string>

#include <gtest/gtest.h>

namespace spillway {
namespace {

TEST(Secret, KeysOfSecretsAreKnownInEveryNotation) {
  for (const char* key : {"password",
                          "PASSWORD",
                          "db_password",
                          "dbPassword",
                          "DBPASSWORD",
                          "pgpassword",
                          "passwd",
                          "pwd",
                          "secret",
                          "client_secret",
                          "clientSecret",
                          "secret_access_key",
                          "token",
                          "access_token",
                          "accessToken",
                          "GITHUB_TOKEN",
                          "token2",
                          "api_key",
                          "apiKey",
                          "api-key",
                          "APIKEY",
                          "X-Api-Key",
                          "E2B_API_KEY",
                          "api_key_prod",
                          "service_role_key",
                          "serviceRoleKey",
                          "anon_key",
                          "private_key",
                          "pg_dsn",
                          "dsn",
                          "POSTGRES_DSN",
                          "authorization",
                          "Authorization",
                          "Proxy-Authorization",
                          "credentials",
                          "connection_string",
                          "cookie"}) {
    EXPECT_TRUE(is_secret_key(key)) << key;
  }
}

TEST(Secret, KeysThatOnlyResembleThemAreNot) {
  for (const char* key : {"",
                          "key",
                          "keys",
                          "primary_key",
                          "sort_key",
                          "key_column",
                          "public_key",
                          "monkey",
                          "tokens_total",
                          "max_tokens",
                          "token_count",
                          "token_type",
                          "tokenizer",
                          "password_column",
                          "password_file",
                          "passwordless",
                          "secretary",
                          "secret_name",
                          "author",
                          "authority",
                          "api_key_env",
                          "access_key_id",
                          "path",
                          "query",
                          "dsname",
                          "user",
                          "host",
                          "session_id",
                          "manifest_hash",
                          "sha256",
                          "cookie_policy",
                          "rows_out",
                          "keyboard"}) {
    EXPECT_FALSE(is_secret_key(key)) << key;
  }
}

std::string repeated(std::size_t count, char c) { return std::string(count, c); }

TEST(Secret, TokensAreKnownByTheirLook) {
  EXPECT_EQ(secret_shape("AKIA" + repeated(16, 'Q')), "an AWS access key");
  EXPECT_EQ(secret_shape("x=ghp_" + repeated(36, 'a')), "a GitHub token");
  EXPECT_EQ(secret_shape("github_pat_" + repeated(30, 'b')), "a GitHub token");
  EXPECT_EQ(secret_shape("Bearer xoxb-123456789012-abc"), "a Slack token");
  EXPECT_EQ(secret_shape("eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK"), "a JSON web token");
  EXPECT_EQ(secret_shape("-----BEGIN RSA PRIVATE KEY-----\nMII"), "a private key");
  EXPECT_EQ(secret_shape("postgres://u:p4ss@host/db"), "a URL with a password");
}

TEST(Secret, OrdinaryTextHasNoLookOfATokens) {
  for (const char* text : {"", "AKIA", "AKIAlowercase", "ghp_short", "SELECT * FROM df", "eyJhbGciOiJI.eyJzdWIiOiIx",
                           "https://host:8080/a@b", "https://user@host/", "postgres://u:${PASSWORD}@h/db",
                           "-----BEGIN CERTIFICATE-----", "data/xoxb-1.csv"}) {
    EXPECT_EQ(secret_shape(text), "") << text;
  }
}

TEST(Secret, ALineOfYamlMayShowOne) {
  for (const char* line : {"password: hunter2", "  - {api_key: \"x\", a: 1}", "url: mysql://u:p@h", "'token': 5"}) {
    EXPECT_TRUE(may_show_secret(line)) << line;
  }
  for (const char* line :
       {"password:", "password: ${PASSWORD}", "token: \"@family.alias\"", "path: a.csv", "primary_key: id"}) {
    EXPECT_FALSE(may_show_secret(line)) << line;
  }
}

}  // namespace
}  // namespace spillway
