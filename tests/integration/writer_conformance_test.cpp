#include <array>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "durable_databases.hpp"

/// What every writer of a database does alike. What a server has of its own is tested with its driver.
namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::StartsWith;

constexpr std::array k_modes{"append", "replace", "truncate", "upsert"};

class WriterConformance : public DurableDatabaseTest {
 protected:
  std::uint64_t write(const std::string& select, Json config = Json::object()) {
    make_frame(select);
    config.emplace("table", "w");
    return run(db().writer(), std::move(config), {{"df", "frame"}}).rows_written;
  }
  Error write_error(const std::string& select, Json config = Json::object()) {
    make_frame(select);
    config.emplace("table", "w");
    return error_of(db().writer(), std::move(config), {{"df", "frame"}});
  }
  static std::string all() { return db().sql("SELECT * FROM w ORDER BY 1, 2"); }

  static constexpr const char* k_three_rows =
      "SELECT i::INTEGER AS id, 'name ' || i AS name FROM range(1, 4) AS r(i)";
};

TEST_P(WriterConformance, AppendsToWhatIsThereByName) {
  db().sql("CREATE TABLE w (id int, name varchar(20), n int DEFAULT 7); INSERT INTO w VALUES (9, 'before', 0)");
  EXPECT_EQ(write("SELECT 'b' AS name, 2 AS id UNION ALL SELECT 'a', 1"), 2U);
  EXPECT_EQ(all(), "1\ta\t7\n2\tb\t7\n9\tbefore\t0\n");
  EXPECT_EQ(metric("rows_written"), Json(2));
  EXPECT_EQ(db().tables(), "w\n");
}

TEST_P(WriterConformance, AnEmptyInputIsATableWithoutRowsWhereItTakesTheOldOnesPlace) {
  for (const char* mode : k_modes) {
    db().sql("DROP TABLE IF EXISTS w; CREATE TABLE w (id int PRIMARY KEY, n int); INSERT INTO w VALUES (1, 1)");
    EXPECT_EQ(write("SELECT 1 AS id, 1 AS n WHERE false", {{"write_mode", mode}, {"primary_key", "id"}}), 0U);
    const bool is_kept = std::string_view(mode) == "append" || std::string_view(mode) == "upsert";
    EXPECT_EQ(all(), is_kept ? "1\t1\n" : "") << mode;
  }
}

TEST_P(WriterConformance, ATableThatIsMissingIsAnErrorOrCreated) {
  EXPECT_EQ(write_error(k_three_rows).to_display(),
            "error: cannot write table 'w': there is no table 'w'\n"
            "  hint: create_if_missing: true creates it with the columns of the input");
  for (const char* mode : k_modes) {
    db().sql("DROP TABLE IF EXISTS w");
    EXPECT_EQ(write(k_three_rows, {{"write_mode", mode}, {"primary_key", "id"}, {"create_if_missing", true}}), 3U);
    EXPECT_EQ(all(), "1\tname 1\n2\tname 2\n3\tname 3\n") << mode;
    EXPECT_EQ(db().tables(), "w\n");
  }
  EXPECT_EQ(sink().events("artifact_created").back()["artifact_type"], "ddl");
}

TEST_P(WriterConformance, ReplaceAndTruncateTakeTheRowsPlace) {
  for (const char* mode : {"replace", "truncate"}) {
    db().sql("DROP TABLE IF EXISTS w; CREATE TABLE w (id int, name varchar(20)); INSERT INTO w VALUES (9, 'before')");
    EXPECT_EQ(write(k_three_rows, {{"write_mode", mode}}), 3U);
    EXPECT_EQ(all(), "1\tname 1\n2\tname 2\n3\tname 3\n") << mode;
    EXPECT_EQ(db().tables(), "w\n");
  }
}

TEST_P(WriterConformance, UpsertUpdatesWhatIsThereAndAddsTheRest) {
  db().sql(
      "CREATE TABLE w (a int, b varchar(5), v int, kept int DEFAULT 7, PRIMARY KEY (a, b));"
      "INSERT INTO w VALUES (1, 'x', 10, 1), (2, 'x', 20, 2)");
  const Json config{{"write_mode", "upsert"}, {"primary_key", {"a", "b"}}};
  const std::string input = "SELECT * FROM (VALUES (2, 'x', 21), (3, 'x', 30)) AS v(a, b, v)";
  for (int time = 1; time <= 2; ++time) {
    EXPECT_EQ(write(input, config), 2U);
    EXPECT_EQ(all(), "1\tx\t10\t1\n2\tx\t21\t2\n3\tx\t30\t7\n");
  }
  Json ignoring = config;
  ignoring["on_conflict"] = "ignore";
  write("SELECT * FROM (VALUES (2, 'x', 99), (4, 'x', 40)) AS v(a, b, v)", ignoring);
  EXPECT_EQ(all(), "1\tx\t10\t1\n2\tx\t21\t2\n3\tx\t30\t7\n4\tx\t40\t7\n");
}

TEST_P(WriterConformance, KeysThatAreThereTwiceAreShownOrTheLastCounts) {
  db().sql("CREATE TABLE w (id int PRIMARY KEY, v varchar(9))");
  const std::string input =
      "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (1, 'c'), (3, 'd'), (3, 'e'), (3, 'f')) AS v(id, v)";
  EXPECT_EQ(
      write_error(input, {{"write_mode", "upsert"}, {"primary_key", "id"}}).to_display(),
      "error: cannot write table 'w': the input holds keys (id) more than once: (1) 2 times, (3) 3 times\n"
      "  hint: duplicates: last takes the last row of each key; or make them unique in a duckdb.processor step");
  EXPECT_EQ(all(), "");
  write(input, {{"write_mode", "upsert"}, {"primary_key", "id"}, {"duplicates", "last"}});
  EXPECT_EQ(all(), "1\tc\n2\tb\n3\tf\n");
  EXPECT_EQ(db().tables(), "w\n");
}

TEST_P(WriterConformance, ColumnsThatDifferAreToldAddedOrLeftOut) {
  db().sql("CREATE TABLE w (id smallint, other int)");
  EXPECT_EQ(write_error("SELECT 1 AS id, 'x' AS extra").to_display(),
            "error: cannot write table 'w': it has no column 'extra'; the input has no column 'other'\n"
            "  hint: on_schema_change: evolve adds columns, ignore leaves them out");
  write("SELECT 1 AS id, 'x' AS extra", {{"on_schema_change", "ignore"}});
  write("SELECT 70000 AS id, 'x' AS extra", {{"on_schema_change", "evolve"}});
  EXPECT_EQ(db().sql("SELECT id, extra FROM w WHERE extra IS NOT NULL"), "70000\tx\n");
  EXPECT_EQ(db().sql("SELECT COUNT(*) FROM w"), "2\n");
}

TEST_P(WriterConformance, AFailedRunLeavesTheTableAsItWasInEveryMode) {
  const std::string too_long =
      "SELECT i::INTEGER AS id, CASE i WHEN 4999 THEN 'too long' ELSE 'x' END AS name FROM "
      "range(5000) AS r(i)";
  for (const char* mode : k_modes) {
    db().sql(
        "DROP TABLE IF EXISTS w; CREATE TABLE w (id int PRIMARY KEY, name varchar(3)); INSERT INTO w VALUES (1, "
        "'old')");
    const Error error = write_error(too_long, {{"write_mode", mode}, {"primary_key", "id"}});
    EXPECT_EQ(error.code, ErrorCode::bad_data) << mode;
    EXPECT_THAT(error.message, StartsWith("cannot write table 'w': ")) << mode;
    EXPECT_EQ(all(), "1\told\n") << mode;
    EXPECT_EQ(db().tables(), "w\n") << mode;
  }
}

TEST_P(WriterConformance, CancellingLeavesTheTableAsItWas) {
  db().sql("CREATE TABLE w (id int, name varchar(200)); INSERT INTO w VALUES (1, 'old')");
  std::thread canceller([this] {
    while (sink().events("write_progress").empty()) std::this_thread::yield();
    cancel().cancel();
  });
  // Supabase over PostgreSQL tells every million rows how far it is.
  const Error error = write_error("SELECT i::INTEGER AS id, repeat('x', 20) AS name FROM range(3000000) AS r(i)",
                                  {{"batch_size", 1000}});
  canceller.join();
  EXPECT_EQ(error.code, ErrorCode::cancelled);
  EXPECT_EQ(db().sql("SELECT COUNT(*) FROM w"), "1\n");
}

TEST_P(WriterConformance, NamesMayBeAnything) {
  write("SELECT 1 AS \"select\", 2 AS \"a b`c\", 3 AS \"žluť\"",
        {{"table", "\"odd \"\"`\\' name\""}, {"create_if_missing", true}});
  extract(db().extractor(), {{"table", "\"odd \"\"`\\' name\""}});
  EXPECT_EQ(rows(), (Rows{{"1", "2", "3"}}));
  EXPECT_THAT(columns(), ::testing::ElementsAre("select INTEGER", "a b`c INTEGER", "žluť INTEGER"));
}

INSTANTIATE_TEST_SUITE_P(Families, WriterConformance, ::testing::Values("postgres", "mysql", "supabase", "pooled"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace spillway::testing
