#include "config/connections.hpp"

#include <gtest/gtest.h>

namespace spillway::config {
namespace {

constexpr auto k_file = R"(version: 1
connections:
  mysql:
    main: {default: true, host: db, port: 3306, password: "${MYSQL_PASSWORD}", url: "mysql://${USER:-root}@db"}
    other: {host: "0815", key: "${file:key.pem}", text: "$${NAME}"}
)";

std::vector<std::string> errors_of(const std::string& text) {
  std::vector<std::string> errors;
  const auto connections = read_connections(text, "c.yaml");
  if (connections) return errors;
  for (const Error& error : connections.error()) errors.push_back(error.to_display());
  return errors;
}

ValueSources sources_with(std::map<std::string, std::string> exported,
                          std::map<std::string, std::string> dotenv = {}) {
  return {.environment = [exported = std::move(exported)](const std::string& name) -> std::optional<std::string> {
            const auto found = exported.find(name);
            return found == exported.end() ? std::nullopt : std::optional(found->second);
          },
          .dotenv = std::move(dotenv),
          .read_file = [](const std::string& path) -> Result<std::string> { return "content of " + path + "\n"; }};
}

TEST(Connections, AreReadWithoutTheirValues) {
  const auto connections = read_connections(k_file, "c.yaml");
  ASSERT_TRUE(connections);
  ASSERT_EQ(connections->size(), 2U);
  EXPECT_EQ((*connections)[0].family, "mysql");
  EXPECT_EQ((*connections)[0].alias, "main");
  EXPECT_TRUE((*connections)[0].is_default);
  EXPECT_EQ((*connections)[0].fields.at("password").text, "${MYSQL_PASSWORD}");
  EXPECT_FALSE((*connections)[1].is_default);
}

TEST(Connections, AreResolvedFromTheEnvironmentDefaultsAndFiles) {
  const auto connections = *read_connections(k_file, "c.yaml");
  const auto main = resolve_connection(connections[0], sources_with({{"MYSQL_PASSWORD", "s3cret"}}));
  ASSERT_TRUE(main);
  EXPECT_EQ(main->fields,
            Json::parse(R"({"host": "db", "port": 3306, "password": "s3cret", "url": "mysql://root@db"})"));
  EXPECT_EQ(main->secrets, (std::vector<std::string>{"s3cret", "s3cret"}));
  const auto other = resolve_connection(connections[1], sources_with({}));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->fields, Json::parse(R"({"host": "0815", "key": "content of key.pem", "text": "${NAME}"})"));
}

TEST(Connections, DotenvNeverOverridesWhatIsExported) {
  const auto connections = *read_connections(k_file, "c.yaml");
  const std::map<std::string, std::string> dotenv{{"MYSQL_PASSWORD", "from-dotenv"}, {"USER", "me"}};
  EXPECT_EQ(resolve_connection(connections[0], sources_with({}, dotenv))->fields["password"], "from-dotenv");
  const auto both = resolve_connection(connections[0], sources_with({{"MYSQL_PASSWORD", "exported"}}, dotenv));
  EXPECT_EQ(both->fields["password"], "exported");
  EXPECT_EQ(both->fields["url"], "mysql://me@db");
}

TEST(Connections, AMissingVariableIsNamedWithItsPlace) {
  const auto connections = *read_connections(k_file, "c.yaml");
  const auto resolved = resolve_connection(connections[0], sources_with({}));
  ASSERT_FALSE(resolved);
  EXPECT_EQ(
      resolved.error().front().to_display(),
      "c.yaml:4:59: error: cannot resolve 'password' of connection '@mysql.main': the variable MYSQL_PASSWORD is "
      "not set\n  hint: export MYSQL_PASSWORD, or write MYSQL_PASSWORD=… in .env");
  EXPECT_EQ(resolved.error().front().code, ErrorCode::connection);
}

TEST(Connections, MistakesAreAllTold) {
  EXPECT_EQ(
      errors_of("connections:\n  mysql: {a: {default: true}, b: {default: true}, c: 5, d: {host: [x]}}\nother: 1\n"),
      (std::vector<std::string>{
          "c.yaml:2:44: error: second default '@mysql.b': '@mysql.a' is the default of its family\n  hint: keep "
          "one of the two",
          "c.yaml:2:54: error: invalid connection '@mysql.c': must be a map of fields\n  hint: write connections: "
          "{mysql: {main: {host: localhost, password: \"${PASSWORD}\"}}}",
          "c.yaml:2:67: error: invalid field 'host' of connection '@mysql.d': must be a single value",
          "c.yaml:3:1: error: unknown key 'other': the connections file has none of that name\n  hint: write "
          "connections: {mysql: {main: {host: localhost, password: \"${PASSWORD}\"}}}"}));
}

TEST(Connections, NoErrorShowsAValue) {
  for (const char* text : {"connections: {mysql: {a: hunter2}}", "connections: {mysql: {a: {default: hunter2}}}",
                           "connections: hunter2", "connections: {mysql: {a: {password: \"hunter2}}}"}) {
    for (const std::string& error : errors_of(text)) EXPECT_EQ(error.find("hunter2"), std::string::npos) << error;
    EXPECT_FALSE(errors_of(text).empty()) << text;
  }
}

TEST(Dotenv, LinesOfNamesAndValues) {
  const auto values = read_dotenv("# c\nA=1\nexport B = 'two words'\nC=\"x # y\"\nD=z # comment\n\nE=\n", ".env");
  ASSERT_TRUE(values);
  EXPECT_EQ(*values, (std::map<std::string, std::string>{
                         {"A", "1"}, {"B", "two words"}, {"C", "x # y"}, {"D", "z"}, {"E", ""}}));
  const auto wrong = read_dotenv("A=1\nhunter2\n", ".env");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().front().to_display(),
            ".env:2:1: error: invalid line: it is no NAME=value\n  hint: write NAME=value");
}

}  // namespace
}  // namespace spillway::config
