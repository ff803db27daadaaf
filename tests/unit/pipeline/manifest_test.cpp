#include "pipeline/manifest.hpp"

#include "documents.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

Manifest small_manifest() { return compiled_or_fail(document_of(k_three_steps)).manifest; }

std::string compile_error_of(const std::string& yaml) {
  const auto manifest = manifest_from_yaml(yaml, "manifest.yaml");
  return manifest ? "" : manifest.error().front().message;
}

/// The manifest with a change of which its author also corrected the hash.
std::string forged(Manifest manifest) { return manifest.to_yaml(); }

TEST(Manifest, SurvivesTheWayThroughYaml) {
  const Manifest manifest = small_manifest();
  const auto read = manifest_from_yaml(manifest.to_yaml(), "manifest.yaml");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->to_yaml(), manifest.to_yaml());
  EXPECT_EQ(read->to_json(), manifest.to_json());
}

TEST(Manifest, NamesThatLookLikeOtherTypesStayStrings) {
  Manifest manifest = small_manifest();
  for (const char* name :
       {"null", "1e5", "0x1F", "- a", "a: b", "\"", "caf\xC3\xA9 #1", " x ", "", "~", "a\\b", "no"}) {
    manifest.pipeline_name = name;
    const auto read = manifest_from_yaml(manifest.to_yaml(), "manifest.yaml");
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(read->pipeline_name, name);
  }
}

TEST(Manifest, TheGuidesFieldsStandInIt) {
  const std::string yaml = small_manifest().to_yaml();
  EXPECT_NE(yaml.find("steps:\n- id: extract\n"), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("- id: stats\n  driver: duckdb.processor\n  mode: transform\n  needs: [extract]\n"
                      "  cfg_path: cfg/stats.json\n"),
            std::string::npos)
      << yaml;
}

TEST(Manifest, AnEditedManifestIsRefused) {
  const std::string edited = replace_all(small_manifest().to_yaml(), "needs: [stats]", "needs: [extract]");
  EXPECT_EQ(compile_error_of(edited).substr(0, 31), "edited manifest 'manifest.yaml'");
}

TEST(Manifest, AnotherVersionIsRefused) {
  EXPECT_EQ(compile_error_of(replace_all(small_manifest().to_yaml(), "manifest_version: 1", "manifest_version: 2")),
            "unsupported manifest_version '2': this Spillway reads version 1");
}

TEST(Manifest, WhatIsNoManifestIsRefusedFieldByField) {
  const auto manifest = manifest_from_yaml("manifest_version: 1\npipeline: {id: a}\nsteps:\n- {id: a}\n", "m.yaml");
  ASSERT_FALSE(manifest);
  EXPECT_GT(manifest.error().size(), 5U);
  EXPECT_EQ(compile_error_of(""), "empty document: it holds no key");
  EXPECT_EQ(compile_error_of("name: x\n"), "invalid manifest: 'manifest_version' must be an integer");
}

TEST(Manifest, WhatARunReliesOnIsCheckedWhateverTheHashSays) {
  Manifest manifest = small_manifest();
  manifest.steps[1].needs = {"write"};
  EXPECT_EQ(compile_error_of(forged(manifest)), "invalid manifest: a need of step 'stats' is no earlier step");
  manifest = small_manifest();
  manifest.steps[0].cfg_path = "/etc/passwd";
  EXPECT_EQ(compile_error_of(forged(manifest)), "invalid manifest: id 'extract' with cfg_path '/etc/passwd'");
  manifest = small_manifest();
  manifest.steps[0].id = "../x";
  EXPECT_NE(compile_error_of(forged(manifest)), "");
  manifest = small_manifest();
  manifest.steps[1].id = "extract";
  EXPECT_NE(compile_error_of(forged(manifest)), "");
}

TEST(Manifest, AManifestIsToldFromAPipeline) {
  EXPECT_TRUE(is_manifest(small_manifest().to_yaml()));
  EXPECT_TRUE(is_manifest("# mine\nmanifest_version: 1\n"));
  EXPECT_FALSE(is_manifest(document_of(k_three_steps)));
  EXPECT_FALSE(is_manifest(""));
}

TEST(Manifest, AnEditedStepConfigIsNoticed) {
  const Compiled compiled = compiled_or_fail(document_of(k_three_steps));
  const ManifestStep& step = compiled.manifest.steps[0];
  const std::string& config = compiled.files.at(step.cfg_path);
  EXPECT_TRUE(check_step_config(step, config));
  const auto edited = check_step_config(step, config + " ");
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().code, ErrorCode::invalid_pipeline);
  EXPECT_NE(edited.error().message.find("cfg/extract.json"), std::string::npos);
}

TEST(Manifest, AnExtractorHasNoInputs) {
  const Manifest manifest = compiled_or_fail(document_of(R"(
- {id: a, component: filesystem.csv_extractor, config: {path: a}}
- {id: b, component: filesystem.csv_extractor, needs: a, config: {path: b}}
- {id: c, component: duckdb.processor, needs: [a, b], config: {query: SELECT 1}}
- {id: d, component: filesystem.csv_writer, config: {path: d}}
)"))
                                .manifest;
  EXPECT_TRUE(manifest.find("b")->inputs().empty());
  EXPECT_EQ(manifest.find("c")->inputs().size(), 2U);
  EXPECT_EQ(manifest.find("d")->inputs().front().key, "df");
  EXPECT_EQ(manifest.find("nothing"), nullptr);
}

}  // namespace
}  // namespace spillway::pipeline
