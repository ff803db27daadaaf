#include "cli/diff_text.hpp"

#include <gtest/gtest.h>

namespace spillway::cli {
namespace {

run::Plan plan_of(const std::string& steps, const std::string& name = "test") {
  const auto catalog = pipeline::ComponentCatalog::built_in();
  auto plan =
      run::make_plan({"oml_version: \"0.1.0\"\nname: " + name + "\nsteps:\n" + steps, "p.yaml", "."}, catalog);
  if (!plan) ADD_FAILURE() << plan.error().front().to_display();
  return plan ? std::move(*plan) : run::Plan();
}

std::string extract(const std::string& id, const std::string& path = "in.csv") {
  return "- {id: " + id + ", component: filesystem.csv_extractor, config: {path: " + path + "}}\n";
}
std::string writer(const std::string& needs, const std::string& path = "out.csv") {
  return "- {id: write, component: filesystem.csv_writer, needs: " + needs + ", config: {path: " + path + "}}\n";
}
std::string query(const std::string& text) {
  return "- id: stats\n  component: duckdb.processor\n  needs: a\n  config:\n    query: |\n" + text;
}

std::string diff_of(const std::string& before, const std::string& after) {
  return diff_text(run::diff_plans(plan_of(before), plan_of(after)));
}

TEST(DiffText, TheSameInOtherWordsIsTheSame) {
  EXPECT_TRUE(run::diff_plans(plan_of(extract("a") + writer("a")),
                              plan_of("# comment\n- config: {header: true, path: \"in.csv\"}\n  component: "
                                      "filesystem.csv_extractor\n  id: a\n" +
                                      writer("[a]")))
                  .empty());
}

TEST(DiffText, NamesWhatIsAddedRemovedAndChanged) {
  EXPECT_EQ(diff_of(extract("a") + writer("a"), extract("b") + writer("b", "other.csv")),
            "- a  filesystem.csv_extractor\n"
            "+ b  filesystem.csv_extractor\n"
            "~ write  filesystem.csv_writer\n"
            "    needs: [\"a\"] -> [\"b\"]\n"
            "    inputs.df: \"a\" -> \"b\"\n"
            "    config.path: \"out.csv\" -> \"other.csv\"\n");
}

TEST(DiffText, ADriverAndItsOptions) {
  const std::string parquet = "- {id: a, component: filesystem.parquet_extractor, config: {path: in.csv}}\n";
  const std::string text = diff_of(extract("a") + writer("a"), parquet + writer("a"));
  EXPECT_TRUE(
      text.starts_with("~ a  filesystem.parquet_extractor\n"
                       "    driver: \"filesystem.csv_extractor\" -> \"filesystem.parquet_extractor\"\n"))
      << text;
  EXPECT_NE(text.find("config.header: "), std::string::npos) << text;
  EXPECT_NE(text.find(" -> (none)\n"), std::string::npos) << text;
}

TEST(DiffText, OfALongTextTheLinesThatChanged) {
  EXPECT_EQ(
      diff_of(extract("a") + query("      SELECT a,\n        b\n      FROM df\n") + writer("stats"),
              extract("a") + query("      SELECT a,\n        c,\n        d\n      FROM df\n") + writer("stats")),
      "~ stats  duckdb.processor\n"
      "    config.query:\n"
      "      -   b\n"
      "      +   c,\n"
      "      +   d\n");
}

TEST(DiffText, OnlyWhatMovedHasMoved) {
  const std::string tail =
      "- {id: all, component: duckdb.processor, needs: [a, b, c], config: {query: SELECT 1}}\n"
      "- {id: write, component: filesystem.csv_writer, config: {path: out.csv}}\n";
  EXPECT_EQ(
      diff_of(extract("a") + extract("b") + extract("c") + tail, extract("c") + extract("a") + extract("b") + tail),
      "~ c  filesystem.csv_extractor\n    moved: from place 3 to 1\n");
}

TEST(DiffText, TheNameOfThePipeline) {
  const run::PlanDiff diff =
      run::diff_plans(plan_of(extract("a") + writer("a"), "old"), plan_of(extract("a") + writer("a"), "new"));
  EXPECT_EQ(diff_text(diff), "name: old -> new\n");
}

TEST(DiffText, ASecretIsMasked) {
  run::Plan before = plan_of(extract("a") + writer("a"));
  run::Plan after = before;
  before.files["cfg/a.json"] = R"({"password": "hunter2", "headers": {"token": "one"}, "limit": 1})";
  after.files["cfg/a.json"] = R"({"password": "hunter3", "headers": {"token": "two"}, "limit": 2})";
  const std::string text = diff_text(run::diff_plans(before, after));
  EXPECT_EQ(text,
            "~ a  filesystem.csv_extractor\n"
            "    config.headers.token: \"***\" -> \"***\"\n"
            "    config.limit: 1 -> 2\n"
            "    config.password: \"***\" -> \"***\"\n");
}

}  // namespace
}  // namespace spillway::cli
