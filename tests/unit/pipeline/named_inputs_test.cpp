#include "documents.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

/// Steps that name their inputs themselves.
constexpr std::string_view k_join = R"(
- {id: extract-movies, component: filesystem.csv_extractor, config: {path: m.csv}}
- {id: reviews, component: filesystem.csv_extractor, config: {path: r.csv}}
- id: join
  component: duckdb.processor
  inputs: {r: "${reviews.df}", movies: "${extract_movies.df}"}
  config: {query: SELECT * FROM movies JOIN r USING (id)}
- {id: write, component: filesystem.csv_writer, config: {path: out.csv}}
)";

TEST(NamedInputs, ImplyTheNeedsAndStandInTheManifest) {
  const Compiled compiled = compiled_or_fail(document_of(k_join));
  const ManifestStep& join = *compiled.manifest.find("join");
  EXPECT_EQ(join.needs, (std::vector<std::string>{"extract-movies", "reviews"}));
  ASSERT_EQ(join.inputs().size(), 2U);
  EXPECT_EQ(join.inputs()[0].key, "movies");
  EXPECT_EQ(join.inputs()[0].from_step, "extract-movies");
  EXPECT_EQ(join.inputs()[1].key, "r");
  EXPECT_NE(compiled.manifest.to_yaml().find("  inputs: {movies: extract-movies, r: reviews}\n"), std::string::npos);
  EXPECT_TRUE(compiled.warnings.empty());
}

TEST(NamedInputs, SurviveTheWayThroughYaml) {
  const Manifest manifest = compiled_or_fail(document_of(k_join)).manifest;
  const auto read = manifest_from_yaml(manifest.to_yaml(), "manifest.yaml");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->to_json(), manifest.to_json());
}

TEST(NamedInputs, OfAManifestMustBeNeeds) {
  Manifest manifest = compiled_or_fail(document_of(k_join)).manifest;
  manifest.steps[2].named_inputs[0].from_step = "write";
  const auto read = manifest_from_yaml(manifest.to_yaml(), "manifest.yaml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().front().message, "invalid manifest: input 'movies' of step 'join' is none of its needs");
}

TEST(NamedInputs, ANeedBesideThemOnlyOrders) {
  const Compiled compiled = compiled_or_fail(document_of(R"(
- {id: a, component: filesystem.csv_extractor, config: {path: a.csv}}
- {id: b, component: filesystem.csv_extractor, config: {path: b.csv}}
- {id: w, component: filesystem.csv_writer, needs: [b], inputs: {df: "${a.df}"}, config: {path: o.csv}}
)"));
  const ManifestStep& write = *compiled.manifest.find("w");
  EXPECT_EQ(write.needs, (std::vector<std::string>{"b", "a"}));
  ASSERT_EQ(write.inputs().size(), 1U);
  EXPECT_EQ(write.inputs()[0].from_step, "a");
  ASSERT_EQ(compiled.warnings.size(), 1U);
  EXPECT_EQ(compiled.warnings[0].message, "unread step 'b': no step reads its DataFrame");
}

}  // namespace
}  // namespace spillway::pipeline
