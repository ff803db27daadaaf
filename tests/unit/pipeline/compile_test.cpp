#include "pipeline/compile.hpp"

#include <algorithm>
#include <chrono>
#include <clocale>
#include <locale>
#include <random>

#include <fmt/format.h>

#include "documents.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

std::string hash_of(std::string_view text) { return compiled_or_fail(text).manifest.hash(); }

TEST(Compile, TheSameBytesInAreTheSameBytesOut) {
  const std::string text = document_of(k_three_steps);
  const Compiled first = compiled_or_fail(text);
  const Compiled second = compiled_or_fail(text);
  EXPECT_EQ(first.manifest.to_yaml(), second.manifest.to_yaml());
  EXPECT_EQ(first.files, second.files);
}

TEST(Compile, FiveThousandStepsInAChain) {
  constexpr int k_steps = 5000;
  std::string steps = "  - {id: s0, component: filesystem.csv_extractor, config: {path: in.csv}}\n";
  for (int step = 1; step < k_steps; ++step) {
    steps += fmt::format("  - {{id: s{}, component: duckdb.processor, config: {{query: FROM df}}}}\n", step);
  }
  const Compiled compiled = compiled_or_fail(document_of(steps));
  ASSERT_EQ(compiled.manifest.steps.size(), std::size_t{k_steps});
  EXPECT_EQ(compiled.manifest.steps.back().needs, std::vector<std::string>{"s4998"});
  EXPECT_EQ(compiled.files.size(), std::size_t{k_steps});
}

TEST(Compile, CommentsKeyOrderQuotesAndDescriptionsChangeNothing) {
  const std::string hash = hash_of(document_of(k_three_steps));
  EXPECT_EQ(hash, hash_of(R"(# a comment
name: 'test'
description: something
steps:
- config: {path: "in.csv"}   # another
  component: filesystem.csv_extractor
  id: extract
- id: stats
  component: duckdb.processor
  needs: [extract]
  mode: transform
  config:
    query: SELECT 1
- {id: write, component: filesystem.csv_writer, config: {path: out.csv}}
oml_version: "0.1.0"
)"));
}

TEST(Compile, WhatARunDependsOnChangesTheHash) {
  const std::string text = document_of(k_three_steps);
  const std::string hash = hash_of(text);
  for (const auto& [from, to] :
       {std::pair{"in.csv", "in2.csv"}, std::pair{"SELECT 1", "SELECT 2"}, std::pair{"id: stats", "id: statistics"},
        std::pair{"name: test", "name: other"}, std::pair{"{path: out.csv}", "{path: out.csv, header: false}"}}) {
    EXPECT_NE(hash, hash_of(replace_all(text, from, to))) << to;
  }
}

TEST(Compile, TheLocaleChangesNothing) {
  const std::string text = replace_all(document_of(k_three_steps), "path: in.csv", "path: in.csv, limit: 1234567");
  const std::string before = compiled_or_fail(text).manifest.to_yaml();
  struct GroupedNumbers : std::numpunct<char> {
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
    char do_decimal_point() const override { return ','; }
  };
  const std::locale original = std::locale::global(std::locale(std::locale::classic(), new GroupedNumbers));
  const std::string grouped = compiled_or_fail(text).manifest.to_yaml();
  std::locale::global(original);
  EXPECT_EQ(before, grouped);
}

TEST(Compile, AStepsConfigIsFlatWithDefaultsAndMetaKeys) {
  const Compiled compiled = compiled_or_fail(document_of(k_three_steps));
  EXPECT_EQ(compiled.files.size(), 3U);
  const std::string& text = compiled.files.at("cfg/write.json");
  EXPECT_TRUE(text.ends_with("}\n"));
  EXPECT_EQ(Json::parse(text), Json::parse(R"({"component": "filesystem.csv_writer", "mode": "write",
    "path": "out.csv", "delimiter": ",", "quote": "\"", "header": true, "null_value": "", "quote_all": false,
    "compression": "auto"})"));
  for (std::string_view key : k_meta_keys) EXPECT_TRUE(Json::parse(text).contains(key)) << key;
}

TEST(Compile, ValuesKeepTheirTypes) {
  const Compiled compiled = compiled_or_fail(document_of(R"(
- id: a
  component: filesystem.csv_extractor
  config: {path: in.csv, limit: 2, header: false, null_values: ["1", "no"], delimiter: "\t"}
- {id: b, component: filesystem.csv_writer, config: {path: out.csv}}
)"));
  const Json config = Json::parse(compiled.files.at("cfg/a.json"));
  EXPECT_EQ(config["limit"], Json(2));
  EXPECT_EQ(config["header"], Json(false));
  EXPECT_EQ(config["null_values"], Json::parse(R"(["1", "no"])"));
  EXPECT_EQ(config["delimiter"], Json("\t"));
}

TEST(Compile, ThePipelineIdIsTheNameFitForAFile) {
  const auto id_of = [](const std::string& name) {
    return compiled_or_fail(replace_all(document_of(k_three_steps), "name: test", "name: " + name))
        .manifest.pipeline_id;
  };
  EXPECT_EQ(id_of("Movies by Director!"), "movies-by-director");
  EXPECT_EQ(id_of("a_b.c-d"), "a_b.c-d");
  EXPECT_EQ(id_of("\"../../etc\""), "etc");
  EXPECT_EQ(id_of("\xC3\xA9\xC3\xA9"), "pipeline");
}

TEST(Compile, ErrorsAreSortedByPlaceAndCarryTheirCode) {
  const auto compiled = compile("steps: []\nnam: x\noml_version: 1\n", "dir/p.yaml", built_in_catalog());
  ASSERT_FALSE(compiled);
  std::size_t line = 0;
  for (const Error& error : compiled.error()) {
    EXPECT_EQ(error.code, ErrorCode::invalid_pipeline);
    ASSERT_TRUE(error.location);
    EXPECT_EQ(error.location->file, "dir/p.yaml");
    EXPECT_GE(error.location->line, line);
    line = error.location->line;
  }
  EXPECT_EQ(compiled.error().size(), 3U);
}

TEST(Compile, InputsWhoseNamesGetAHashAreWarnedAbout) {
  const Compiled compiled = compiled_or_fail(document_of(R"(
- {id: a-b, component: filesystem.csv_extractor, config: {path: x}}
- {id: a_b, component: filesystem.csv_extractor, config: {path: y}}
- {id: c, component: duckdb.processor, needs: [a-b, a_b], config: {query: SELECT 1}}
- {id: d, component: filesystem.csv_writer, config: {path: z}}
)"));
  ASSERT_EQ(compiled.warnings.size(), 2U);
  EXPECT_EQ(compiled.warnings[0].hint.substr(0, 19), "its view is df_a_b_");
}

/// A step whose keys stand in a random order.
std::string shuffled_step(std::vector<std::string> lines, std::mt19937& random) {
  std::ranges::shuffle(lines, random);
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) text += (i == 0 ? "- " : "  ") + lines[i] + "\n";
  return text;
}

TEST(Compile, ShuffledKeysAndAddedCommentsGiveOneHash) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    std::string first_hash;
    for (int round = 0; round < 4; ++round) {
      std::string steps;
      for (unsigned i = 0; i <= seed % 5; ++i) {
        steps += shuffled_step({fmt::format("id: extract-{}", i), "component: filesystem.csv_extractor",
                                fmt::format("config: {{path: in-{}.csv, limit: {}}}", i, seed)},
                               random);
        if (random() % 2 == 0) steps += "# comment\n";
        steps += shuffled_step({fmt::format("id: write-{}", i), "component: filesystem.csv_writer",
                                fmt::format("needs: extract-{}", i), fmt::format("config: {{path: out-{}.csv}}", i)},
                               random);
      }
      const std::string hash = hash_of(document_of(steps));
      if (round == 0) first_hash = hash;
      EXPECT_EQ(hash, first_hash) << seed;
    }
  }
}

}  // namespace
}  // namespace spillway::pipeline
