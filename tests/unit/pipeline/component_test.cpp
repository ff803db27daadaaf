#include "pipeline/component.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "documents.hpp"
#include "pipeline/compile.hpp"
#include "pipeline/config_schema.hpp"

namespace spillway::pipeline {
namespace {

const std::vector<std::string> k_built_in{
    "duckdb.processor",       "filesystem.csv_extractor",     "filesystem.csv_writer",    "filesystem.json_extractor",
    "filesystem.json_writer", "filesystem.parquet_extractor", "filesystem.parquet_writer"};

TEST(Component, TheBuiltInOnesAreEmbedded) {
  for (const std::string& name : k_built_in) {
    const ComponentSpec* spec = built_in_catalog().find(name);
    ASSERT_NE(spec, nullptr) << name;
    EXPECT_EQ(spec->name, name);
  }
  const std::vector<std::string> names = built_in_catalog().names();
  EXPECT_TRUE(std::ranges::includes(names, k_built_in));
  EXPECT_EQ(built_in_catalog().find("nothing.extractor"), nullptr);
}

TEST(Component, TheFolderOfASpecHasItsName) {
  for (const auto& folder : std::filesystem::directory_iterator(SPILLWAY_SOURCE_DIR "/components")) {
    const ComponentSpec* spec = built_in_catalog().find(folder.path().filename().string());
    ASSERT_NE(spec, nullptr) << folder.path();
    EXPECT_EQ(spec->name, folder.path().filename().string());
  }
}

TEST(Component, EverySpecIsCompleteAndItsOptionsAreDescribed) {
  for (const std::string& name : built_in_catalog().names()) {
    const ComponentSpec& spec = *built_in_catalog().find(name);
    EXPECT_FALSE(spec.title.empty() || spec.description.empty() || spec.examples.empty() || spec.hints.empty())
        << name;
    EXPECT_EQ(spec.config_schema.value("additionalProperties", Json(true)), Json(false)) << name;
    for (const auto& [option, schema] : spec.config_schema["properties"].items()) {
      EXPECT_FALSE(schema.value("description", "").empty()) << name << " " << option;
      EXPECT_EQ(std::ranges::count(k_meta_keys, option), 0) << "a meta key: " << name << " " << option;
    }
  }
}

TEST(Component, EveryExampleIsAValidConfig) {
  for (const std::string& name : built_in_catalog().names()) {
    const ComponentSpec& spec = *built_in_catalog().find(name);
    const ConfigSchema schema(spec.config_schema);
    for (const ComponentExample& example : spec.examples) {
      const auto problems = schema.check(example.config);
      EXPECT_TRUE(problems.empty()) << name << ": " << example.title << ": " << path_text(problems.front().path)
                                    << " " << problems.front().reason;
    }
  }
}

TEST(Component, EveryDefaultFitsItsOwnSchema) {
  for (const std::string& name : built_in_catalog().names()) {
    const ComponentSpec& spec = *built_in_catalog().find(name);
    for (const auto& [option, schema] : spec.config_schema["properties"].items()) {
      if (schema.contains("default")) {
        EXPECT_TRUE(ConfigSchema(schema).check(schema["default"]).empty()) << name << " " << option;
      }
    }
  }
}

TEST(Component, RoleAndModeAgree) {
  for (const std::string& name : built_in_catalog().names()) {
    const ComponentSpec& spec = *built_in_catalog().find(name);
    const Mode expected = spec.role == Role::extractor ? Mode::read
                          : spec.role == Role::writer  ? Mode::write
                                                       : Mode::transform;
    EXPECT_EQ(spec.modes, std::vector<Mode>{expected}) << name;
  }
}

TEST(Component, PathsNameTheFilesThatAConfigTouches) {
  const ComponentSpec& extractor = *built_in_catalog().find("filesystem.csv_extractor");
  EXPECT_EQ(step_paths(extractor, {{"path", "in.csv"}}).read, std::vector<std::string>{"in.csv"});
  EXPECT_EQ(step_paths(extractor, {{"path", {"a.csv", "b/*.csv"}}}).read,
            (std::vector<std::string>{"a.csv", "b/*.csv"}));
  EXPECT_TRUE(step_paths(extractor, {{"path", "in.csv"}}).write.empty());
  const ComponentSpec& writer = *built_in_catalog().find("filesystem.csv_writer");
  EXPECT_EQ(step_paths(writer, {{"path", "out.csv"}}).write, std::vector<std::string>{"out.csv"});
  EXPECT_TRUE(step_paths(writer, {{"path", "-"}}).write.empty()) << "standard output is no file";
  EXPECT_TRUE(step_paths(writer, Json::object()).write.empty());
}

TEST(Component, AConnectionSaysWhatAStepMayOverride) {
  ComponentCatalog catalog({});
  Json spec = Json::parse(built_in_catalog().json_of("filesystem.csv_extractor"));
  EXPECT_FALSE(built_in_catalog().find("filesystem.csv_extractor")->connection.has_value());
  spec["name"] = "acme.extractor";
  spec["connection"]["fields"] = {{"host", "forbidden"}, {"schema", "allowed"}};
  catalog.add("components/acme.extractor/spec.yaml", spec);
  const auto& connection = catalog.find("acme.extractor")->connection;
  ASSERT_TRUE(connection.has_value());
  EXPECT_EQ(connection->family, "acme");
  EXPECT_TRUE(connection->is_required);
  EXPECT_EQ(connection->fields.at("host"), Override::forbidden);
  EXPECT_EQ(connection->fields.at("schema"), Override::allowed);
}

}  // namespace
}  // namespace spillway::pipeline
