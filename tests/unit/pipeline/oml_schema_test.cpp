#include "pipeline/oml_schema.hpp"

#include <algorithm>
#include <filesystem>

#include "golden_catalog.hpp"
#include "pipeline/config_schema.hpp"
#include "pipeline/reader.hpp"
#include "util/file.hpp"

namespace spillway::pipeline {
namespace {

namespace fs = std::filesystem;

const fs::path k_golden_pipelines = SPILLWAY_SOURCE_DIR "/tests/golden/pipelines";

Json json_of(std::string_view yaml) {
  Diagnostics diagnostics("p.yaml");
  const auto root = read_document(yaml, diagnostics);
  return root ? root->to_json() : Json();
}

class OmlSchema : public ::testing::Test {
 protected:
  bool accepts(std::string_view yaml) const { return m_schema.check(json_of(yaml)).empty(); }
  bool accepts_file(const fs::path& path) const { return accepts(value_or_throw(read_file(path))); }

  Json m_json = oml_schema(golden_catalog());
  ConfigSchema m_schema{m_json};
};

TEST_F(OmlSchema, AcceptsEveryGoodPipeline) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(k_golden_pipelines / "good")) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    const auto problems = m_schema.check(json_of(value_or_throw(read_file(entry.path()))));
    EXPECT_TRUE(problems.empty()) << entry.path() << ": " << path_text(problems.front().path) << " "
                                  << problems.front().reason;
  }
  EXPECT_GE(count, 12U);
  EXPECT_TRUE(accepts_file(SPILLWAY_SOURCE_DIR "/examples/movies/pipeline.yaml"));
  EXPECT_TRUE(accepts_file(SPILLWAY_SOURCE_DIR "/examples/flights/pipeline.yaml"));
}

TEST_F(OmlSchema, RefusesUnknownKeysTypesAndValues) {
  for (const char* name :
       {"misspelt_top_keys", "foreign_top_keys", "misspelt_step_keys", "foreign_step_keys", "config_unknown_options",
        "config_types", "config_values", "config_missing_options", "negative_limit", "no_name_no_steps", "no_version",
        "other_version", "needs_of_wrong_type", "config_is_text"}) {
    EXPECT_FALSE(accepts_file(k_golden_pipelines / "broken" / (std::string(name) + ".yaml"))) << name;
  }
}

TEST_F(OmlSchema, EveryExampleOfAComponentFits) {
  for (const std::string& name : built_in_catalog().names()) {
    for (const ComponentExample& example : built_in_catalog().find(name)->examples) {
      const Json document = {
          {"oml_version", "0.1.0"},
          {"name", "x"},
          {"steps", Json::array({{{"id", "a"}, {"component", name}, {"config", example.config}}})}};
      EXPECT_TRUE(m_schema.check(document).empty()) << name << ": " << example.title;
    }
  }
}

TEST_F(OmlSchema, AParameterStandsForAnyOption) {
  const auto with = [](std::string_view header) {
    return document_of("- id: a\n  component: filesystem.csv_extractor\n  config:\n    path: in.csv\n    header: " +
                       std::string(header) + "\n");
  };
  EXPECT_TRUE(accepts(with("true")));
  EXPECT_TRUE(accepts(with("\"${params.header}\"")));
  EXPECT_FALSE(accepts(with("\"${parms.header}\"")));
  EXPECT_FALSE(accepts(with("seven")));
}

TEST_F(OmlSchema, KnowsEveryKeyOfThePipelineAndItsSteps) {
  EXPECT_TRUE(accepts(R"(oml_version: "0.1.0"
name: all
description: every key
metadata: {owner: me}
params: {limit: {type: integer, default: 5, description: rows, enum: [5, 10]}}
profiles: {dev: {params: {limit: 10}}}
schedule: {cron: "0 6 * * *", timezone: Europe/Prague}
steps:
  - {id: a, component: filesystem.csv_extractor, mode: read, config: {path: in.csv}}
  - {id: b, component: duckdb.processor, needs: a, inputs: {df: "${a.df}"}, config: {query: SELECT 1}}
)"));
}

TEST_F(OmlSchema, AComponentHasItsModes) {
  EXPECT_FALSE(accepts(
      document_of("- id: a\n  component: filesystem.csv_extractor\n  mode: write\n  config: {path: in.csv}\n")));
}

}  // namespace
}  // namespace spillway::pipeline
