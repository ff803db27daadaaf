#include "pipeline/project_components.hpp"

#include <fstream>
#include <sstream>

#include "documents.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::string_view k_acme = R"(name: acme.extractor
version: 1.0.0
title: Orders of Acme
description: Reads the orders.
role: extractor
modes: [read]
configSchema:
  type: object
  additionalProperties: false
  required: [table]
  properties:
    table: {type: string}
    limit: {type: integer, default: 10}
examples:
  - title: All
    config: {table: orders}
)";

std::string changed(std::string_view from, std::string_view to) {
  std::string text(k_acme);
  text.replace(text.find(from), from.size(), to);
  return text;
}

std::vector<std::string> problems_of(const std::string& text, const std::string& folder = "acme.extractor") {
  std::vector<std::string> problems;
  const auto catalog = catalog_with({{"components/" + folder + "/spec.yaml", folder, text}});
  if (catalog) return problems;
  for (const Error& error : catalog.error()) {
    problems.push_back(error.location->to_string() + ": error: " + error.message +
                       (error.hint.empty() ? "" : "\n  hint: " + error.hint));
  }
  return problems;
}

using Problems = std::vector<std::string>;

TEST(ProjectComponents, ExtendTheBuiltInOnes) {
  const auto catalog = catalog_with({{"components/acme.extractor/spec.yaml", "acme.extractor", std::string(k_acme)}});
  ASSERT_TRUE(catalog) << catalog.error().front().to_display();
  EXPECT_EQ(catalog->names().size(), built_in_catalog().names().size() + 1);
  const ComponentSpec* spec = catalog->find("acme.extractor");
  ASSERT_NE(spec, nullptr);
  EXPECT_EQ(spec->file, "components/acme.extractor/spec.yaml");
  EXPECT_TRUE(catalog->find("duckdb.processor")->file.empty());
  const auto compiled = compile(document_of(R"(
- id: orders
  component: acme.extractor
  config: {table: orders}
- id: write
  component: filesystem.csv_writer
  config: {path: out.csv}
)"),
                                "p.yaml", *catalog);
  ASSERT_TRUE(compiled) << compiled.error().front().to_display();
  EXPECT_EQ(Json::parse(compiled->files.at("cfg/orders.json"))["limit"], 10) << "the spec's default";
}

TEST(ProjectComponents, AConfigIsCheckedAgainstTheirSchema) {
  const auto catalog = catalog_with({{"components/acme.extractor/spec.yaml", "acme.extractor", std::string(k_acme)}});
  ASSERT_TRUE(catalog);
  const auto compiled = compile(document_of(R"(
- id: orders
  component: acme.extractor
  config: {tabel: orders}
)"),
                                "p.yaml", *catalog);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().front().message,
            "unknown option 'tabel' of step 'orders': acme.extractor has none of that name");
  EXPECT_EQ(compiled.error().front().hint, "did you mean 'table'?");
}

TEST(ProjectComponents, ABuiltInOneIsNotReplaced) {
  EXPECT_EQ(
      problems_of(changed("name: acme.extractor", "name: duckdb.processor"), "duckdb.processor"),
      (Problems{"components/duckdb.processor/spec.yaml: error: component 'duckdb.processor' is built in: a project "
                "cannot change it\n  hint: give the component, and its folder, a name of its own"}));
}

TEST(ProjectComponents, TheSpecOfABuiltInOneIsNoSecondOne) {
  std::stringstream text;
  text << std::ifstream(SPILLWAY_SOURCE_DIR "/components/duckdb.processor/spec.yaml").rdbuf();
  const auto catalog = catalog_with({{"components/duckdb.processor/spec.yaml", "duckdb.processor", text.str()}});
  ASSERT_TRUE(catalog) << catalog.error().front().to_display();
  EXPECT_TRUE(catalog->find("duckdb.processor")->file.empty());
}

TEST(ProjectComponents, AllMistakesInTheFormAreTold) {
  const std::string file = "components/acme.extractor/spec.yaml";
  EXPECT_EQ(problems_of("name: acme.extractor\ntitel: Orders\nversion: 1\nrole: reader\nmodes: []\n"
                        "configSchema: {type: object}\nexamples: [{title: no config}]\n"),
            (Problems{
                file + ":1:1: error: missing key 'description': a component's spec needs it\n"
                       "  hint: description: what it does, in a few sentences",
                file + ":2:1: error: unknown key 'titel': a component's spec has none of that name\n"
                       "  hint: did you mean 'title'?",
                file + ":3:10: error: invalid 'version': must be a string, not the number 1",
                file + ":4:7: error: invalid 'role': must be 'extractor', 'processor' or 'writer', not the string "
                       "'reader'",
                file + ":5:8: error: invalid 'modes': must not be an empty list",
                file + ":7:12: error: missing key 'examples[0].config': a component's spec needs it",
            }));
}

TEST(ProjectComponents, WhatASpecSaysMustHold) {
  const std::string file = "components/acme.extractor/spec.yaml";
  EXPECT_EQ(problems_of(changed("name: acme.extractor", "name: Acme")),
            (Problems{file + ":1:7: error: invalid 'name': 'Acme' is no component's name\n"
                             "  hint: write <family>.<role> in lower case letters, digits, _ and -, e.g. "
                             "acme.extractor"}));
  EXPECT_EQ(problems_of(changed("name: acme.extractor", "name: acme.reader")),
            (Problems{file + ":1:7: error: invalid 'name': 'acme.reader' is not the name of its folder, "
                             "'acme.extractor'\n  hint: rename one of them"}));
  EXPECT_EQ(problems_of(std::string(k_acme) + "secrets: [password]\n"),
            (Problems{file + ":17:11: error: invalid 'secrets[0]': 'password' is no JSON pointer\n"
                             "  hint: write it as /option, or /option/part"}));
  EXPECT_EQ(problems_of(changed("default: 10", "default: ten")),
            (Problems{file + ":13:37: error: invalid default of option 'limit': must be an integer, not the string "
                             "'ten'"}));
  EXPECT_EQ(problems_of(changed("{table: orders}", "{tabel: orders}")),
            (Problems{file + ":16:14: error: invalid option 'tabel' of example 'All': configSchema has none of that "
                             "name\n  hint: did you mean 'table'?"}));
  EXPECT_EQ(problems_of(changed("table: {type: string}", "mode: {type: string}")).front(),
            file +
                ":12:11: error: invalid option 'mode': each step has a key of that name\n"
                "  hint: give it another name");
  EXPECT_EQ(problems_of(changed("  type: object", "  type: objekt")).front().substr(0, 70),
            file + ":8:3: error: invalid configSchema: ");
}

TEST(ProjectComponents, TheSpecInTheDocsIsOne) {
  std::stringstream page;
  page << std::ifstream(SPILLWAY_SOURCE_DIR "/docs/own_components.md").rdbuf();
  constexpr std::string_view k_opening = "```yaml\n";
  const std::size_t begin = page.str().find(k_opening) + k_opening.size();
  EXPECT_EQ(problems_of(page.str().substr(begin, page.str().find("```", begin) - begin)), Problems{});
}

TEST(ProjectComponents, BadYamlHasItsPlace) {
  EXPECT_EQ(problems_of("name: [").front().substr(0, 38), "components/acme.extractor/spec.yaml:1:");
}

}  // namespace
}  // namespace spillway::pipeline
