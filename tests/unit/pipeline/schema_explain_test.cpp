#include "pipeline/schema_explain.hpp"

#include <fmt/format.h>

namespace spillway::pipeline {
namespace {

using Json = nlohmann::json;
using Kind = ConfigProblem::Kind;

/// "path: reason (hint)" of each problem, joined by " | ".
std::string explained(const Json& schema, const Json& value) {
  std::string text;
  for (const ConfigProblem& problem : explain_problems(schema, value)) {
    if (!text.empty()) text += " | ";
    text += fmt::format("{}: {}", path_text(problem.path), problem.reason);
    if (!problem.hint.empty()) text += fmt::format(" ({})", problem.hint);
  }
  return text;
}

std::string explained_value(const char* schema, const char* value) {
  return explained({{"properties", {{"x", Json::parse(schema)}}}}, {{"x", Json::parse(value)}});
}

TEST(SchemaExplain, TypesAreNamedInEnglish) {
  EXPECT_EQ(explained_value(R"({"type": "integer"})", "\"ten\""), "x: must be an integer, not the string 'ten'");
  EXPECT_EQ(explained_value(R"({"type": "integer"})", "1.5"), "x: must be an integer, not the number 1.5");
  EXPECT_EQ(explained_value(R"({"type": "string"})", "null"), "x: must be a string, not null");
  EXPECT_EQ(explained_value(R"({"type": "object"})", "[]"), "x: must be a map, not a list");
  EXPECT_EQ(explained_value(R"({"type": ["string", "null"]})", "true"),
            "x: must be a string or null, not the boolean true");
}

TEST(SchemaExplain, ANumberInQuotesIsToldTo) {
  EXPECT_EQ(explained_value(R"({"type": "integer"})", "\"10\""),
            "x: must be an integer, not the string '10' (write 10 without quotes)");
  EXPECT_EQ(explained_value(R"({"type": "boolean"})", "\"true\""),
            "x: must be a boolean, not the string 'true' (write true without quotes)");
}

TEST(SchemaExplain, WordsAndScalarsAreToldHowTheyAreWritten) {
  EXPECT_EQ(explained_value(R"({"type": "boolean"})", "\"yes\""),
            "x: must be a boolean, not the string 'yes' (write true)");
  EXPECT_EQ(explained_value(R"({"type": "array"})", "\"a\""),
            "x: must be a list, not the string 'a' (write it as a list: [a])");
}

TEST(SchemaExplain, BoundsAreQuoted) {
  EXPECT_EQ(explained_value(R"({"minimum": 0})", "-5"), "x: must be at least 0, but is -5");
  EXPECT_EQ(explained_value(R"({"maximum": 9})", "10"), "x: must be at most 9, but is 10");
  EXPECT_EQ(explained_value(R"({"exclusiveMinimum": 0})", "0"), "x: must be greater than 0, but is 0");
  EXPECT_EQ(explained_value(R"({"exclusiveMaximum": 1})", "1"), "x: must be less than 1, but is 1");
}

TEST(SchemaExplain, ChoicesAreListed) {
  EXPECT_EQ(explained_value(R"({"enum": ["fail", "skip"]})", "\"skp\""),
            "x: must be 'fail' or 'skip', not the string 'skp' (did you mean 'skip'?)");
  EXPECT_EQ(explained_value(R"({"const": 1})", "2"), "x: must be 1, not the number 2");
  EXPECT_EQ(explained_value(R"({"not": {"const": 0}})", "0"), "x: must not be 0");
}

TEST(SchemaExplain, LengthsCountCharacters) {
  EXPECT_EQ(explained_value(R"({"minLength": 1})", "\"\""), "x: must not be empty");
  EXPECT_EQ(explained_value(R"({"minLength": 1, "maxLength": 1})", "\";;\""),
            "x: must be one character, but is ';;'");
  EXPECT_EQ(explained_value(R"({"minLength": 1, "maxLength": 1})", "\"\u00e9\""), "");
  EXPECT_EQ(explained_value(R"({"minLength": 3})", "\"ab\""), "x: must have at least 3 characters, but has 2");
  EXPECT_EQ(explained_value(R"({"maxLength": 3})", "\"abcd\""), "x: must have at most 3 characters, but has 4");
}

TEST(SchemaExplain, ListsAndTheirItems) {
  EXPECT_EQ(explained_value(R"({"minItems": 1})", "[]"), "x: must not be an empty list");
  EXPECT_EQ(explained_value(R"({"maxItems": 1})", "[1, 2]"), "x: must have at most 1 items, but has 2");
  EXPECT_EQ(explained_value(R"({"uniqueItems": true})", R"(["a", "b", "a"])"), "x: must not hold 'a' twice");
  EXPECT_EQ(explained_value(R"({"items": {"type": "string"}})", R"(["a", 1])"),
            "x[1]: must be a string, not the number 1");
}

TEST(SchemaExplain, UnknownAndMissingKeysAreAllListed) {
  const Json schema = Json::parse(R"({"additionalProperties": false, "required": ["path", "query"],
    "properties": {"path": {"description": "The file."}, "query": {}, "limit": {}}})");
  EXPECT_EQ(explained(schema, Json::parse(R"({"limt": 1, "zzzzzz": 2})")),
            "limt:  (did you mean 'limit'?) | zzzzzz:  (its options are limit, path, query) | "
            "path:  (path: The file.) | query: ");
}

TEST(SchemaExplain, AMisspeltKeyIsNotMissingToo) {
  EXPECT_EQ(
      explained(Json::parse(R"({"additionalProperties": false, "required": ["query"], "properties": {"query": {}}})"),
                Json::parse(R"({"qery": 1})")),
      "qery:  (did you mean 'query'?)");
}

TEST(SchemaExplain, MapsOfAnyKeyCheckTheirValues) {
  EXPECT_EQ(explained_value(R"({"additionalProperties": {"type": "string"}})", R"({"a.b": 1})"),
            "x.a.b: must be a string, not the number 1");
}

TEST(SchemaExplain, OfSeveralFormsTheOneOfTheValuesTypeIsExplained) {
  const char* schema = R"({"anyOf": [{"type": "string", "minLength": 1},
                                     {"type": "array", "items": {"type": "string", "minLength": 1}}]})";
  EXPECT_EQ(explained_value(schema, "5"), "x: must be a string or a list, not the number 5");
  EXPECT_EQ(explained_value(schema, "\"\""), "x: must not be empty");
  EXPECT_EQ(explained_value(schema, R"(["a", ""])"), "x[1]: must not be empty");
  EXPECT_EQ(explained_value(schema, R"(["a"])"), "");
}

TEST(SchemaExplain, LongValuesAreCut) {
  const std::string text = explained({{"const", 1}}, std::string(5000, 'x'));
  EXPECT_LT(text.size(), 120U);
}

}  // namespace
}  // namespace spillway::pipeline
