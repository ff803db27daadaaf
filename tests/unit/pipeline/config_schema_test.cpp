#include "pipeline/config_schema.hpp"

#include "util/error.hpp"

namespace spillway::pipeline {
namespace {

using Json = nlohmann::json;

TEST(ConfigSchema, AValidConfigHasNoProblems) {
  const Json schema =
      Json::parse(R"({"type": "object", "properties": {"limit": {"type": "integer", "minimum": 0}}})");
  const ConfigSchema checker(schema);
  EXPECT_TRUE(checker.check(Json::parse(R"({"limit": 5})")).empty());
  EXPECT_EQ(checker.check(Json::parse(R"({"limit": -5})")).size(), 1U);
}

TEST(ConfigSchema, AKeywordThatCannotBeExplainedIsStillEnforced) {
  const Json schema = Json::parse(R"({"properties": {"id": {"pattern": "^[a-z]+$"}}})");
  const auto problems = ConfigSchema(schema).check(Json::parse(R"({"id": "A1"})"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(path_text(problems[0].path), "id");
  EXPECT_FALSE(problems[0].reason.empty());
}

TEST(ConfigSchema, DefaultsFillOnlyWhatIsLeftOut) {
  const Json schema = Json::parse(R"({"properties": {"a": {"default": 1}, "b": {"default": [""]}, "c": {}}})");
  Json config = Json::parse(R"({"a": 2})");
  ConfigSchema(schema).fill_defaults(config);
  EXPECT_EQ(config, Json::parse(R"({"a": 2, "b": [""]})"));
}

TEST(ConfigSchema, ASchemaThatIsNoneIsRefused) {
  const Json schema = Json::parse(R"({"type": 5})");
  EXPECT_THROW(ConfigSchema{schema}, Exception);
}

}  // namespace
}  // namespace spillway::pipeline
