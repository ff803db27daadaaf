#include "pipeline/parameters.hpp"

#include "documents.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::string_view k_document = R"(oml_version: "0.1.0"
name: test
params:
  limit: {type: integer, default: 1}
profiles:
  dev: {params: {limit: 2}}
steps:
- {id: a, component: filesystem.csv_extractor, config: {path: "a${params.limit}.csv", limit: "${params.limit}"}}
- {id: b, component: filesystem.csv_writer, config: {path: out.csv}}
)";

Diagnosed<Compiled> compile_with(const ParameterSources& sources) {
  return compile(k_document, "p.yaml", built_in_catalog(), {.parameters = sources, .connections = {}});
}

Json config_with(const ParameterSources& sources) {
  const auto compiled = compile_with(sources);
  return compiled ? Json::parse(compiled->files.at("cfg/a.json")) : Json(compiled.error().front().message);
}

TEST(Parameters, AFlagBeatsTheEnvironmentWhichBeatsTheProfileWhichBeatsTheDefault) {
  ParameterSources sources;
  EXPECT_EQ(config_with(sources)["limit"], Json(1));
  sources.profile = "dev";
  EXPECT_EQ(config_with(sources)["limit"], Json(2));
  sources.environment["SPILLWAY_PARAM_LIMIT"] = "3";
  EXPECT_EQ(config_with(sources)["limit"], Json(3));
  sources.flags["limit"] = "4";
  EXPECT_EQ(config_with(sources)["limit"], Json(4));
  EXPECT_EQ(config_with(sources)["path"], Json("a4.csv"));
}

/// Found by a fuzzer: such bytes cannot stand in a config, which is JSON.
TEST(Parameters, AValueThatIsNotUtf8) {
  ParameterSources sources;
  sources.flags["limit"] = "\xb5";
  EXPECT_EQ(config_with(sources), "invalid value of --param limit: it is not UTF-8");
  sources = {};
  sources.environment["SPILLWAY_PARAM_LIMIT"] = "a\xff";
  EXPECT_EQ(config_with(sources), "invalid value of SPILLWAY_PARAM_LIMIT: it is not UTF-8");
}

TEST(Parameters, AnEmptyVariableCountsAsUnset) {
  EXPECT_EQ(config_with({{}, {{"SPILLWAY_PARAM_LIMIT", ""}}, ""})["limit"], Json(1));
}

TEST(Parameters, TheirValuesChangeTheHashAndTheirFingerprintOnly) {
  const Manifest one = compile_with({})->manifest;
  const Manifest two = compile_with({{{"limit", "2"}}, {}, ""})->manifest;
  const Manifest same = compile_with({{{"limit", "1"}}, {{"SPILLWAY_PARAM_LIMIT", "9"}}, "dev"})->manifest;
  EXPECT_NE(one.hash(), two.hash());
  EXPECT_NE(one.fingerprints.parameters, two.fingerprints.parameters);
  EXPECT_EQ(one.fingerprints.document, two.fingerprints.document);
  EXPECT_EQ(one.hash(), same.hash());
}

TEST(Parameters, AnIllTypedSecretIsNotShown) {
  const std::string secret = "ghp_" + std::string(36, 'x');
  EXPECT_EQ(config_with({{{"limit", secret}}, {}, ""}),
            Json("invalid value '***' of --param limit: must be an integer"));
}

}  // namespace
}  // namespace spillway::pipeline
