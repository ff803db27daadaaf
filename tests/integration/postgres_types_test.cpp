#include "engine/sql.hpp"
#include "integration/postgres_fixture.hpp"
#include "support/markdown_table.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::HasSubstr;

/// docs/types.md, row by row.
class PostgresTypes : public PostgresTest {
 protected:
  static std::vector<std::vector<std::string>> table(std::string_view heading, int number = 0) {
    const std::string path = std::string(SPILLWAY_SOURCE_DIR) + "/docs/types.md";
    return markdown_table(read_file(path).value(), heading, number);
  }
  void make_frame_of(const std::string& type, const std::string& value) {
    make_frame(fmt_cast(engine::quote_literal(value), type) + " AS v UNION ALL SELECT CAST(NULL AS " + type + ")");
  }
  static std::string fmt_cast(const std::string& literal, const std::string& type) {
    return "SELECT CAST(" + literal + " AS " + type + ")";
  }
};

TEST_F(PostgresTypes, FromPostgres) {
  const auto rows_of_table = table("## From PostgreSQL");
  ASSERT_GT(rows_of_table.size(), 40U);
  for (const auto& row : rows_of_table) {
    ASSERT_EQ(row.size(), 4U);
    SCOPED_TRACE(row[0] + " " + row[2]);
    const std::string value = engine::quote_literal(row[2]) + "::" + row[0];
    const std::string query =
        "SELECT v FROM (VALUES (1, " + value + "), (2, NULL::" + row[0] + ")) AS t(i, v) ORDER BY i";
    EXPECT_EQ(read(query), (Rows{{row[3]}, {std::nullopt}}));
    EXPECT_EQ(columns(), (std::vector<std::string>{"v " + row[1]}));
    // The same row by row, where parameters are bound.
    EXPECT_EQ(read("SELECT " + value + " AS v WHERE $1", {{"params", {true}}}), (Rows{{row[3]}}));
  }
}

TEST_F(PostgresTypes, ToPostgresAndBack) {
  const auto rows_of_table = table("## To PostgreSQL");
  ASSERT_GT(rows_of_table.size(), 30U);
  int number = 0;
  for (const auto& row : rows_of_table) {
    ASSERT_EQ(row.size(), 4U);
    SCOPED_TRACE(row[0] + " " + row[2]);
    const std::string made = "made_" + std::to_string(++number);
    make_frame_of(row[0], row[2]);
    EXPECT_EQ(run("postgres.writer", {{"table", made}, {"create_if_missing", true}}, {{"df", "frame"}}).rows_written,
              2U);
    EXPECT_EQ(sql("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = '" + made +
                  "'::regclass AND attname = 'v'; SELECT v FROM " + made +
                  " WHERE v IS NOT NULL; SELECT count(*) FROM " + made + " WHERE v IS NULL"),
              row[1] + "\n" + row[3] + "\n1\n");
    // What was written is read as it was, as far as the type is there.
    if (row[1] == "json" && row[0] != "JSON") continue;
    extract("postgres.extractor", {{"table", made}, {"unbounded_numeric", "text"}}, "back");
    EXPECT_EQ(count("SELECT count(*) FROM frame JOIN back ON CAST(frame.v AS VARCHAR) = CAST(back.v AS VARCHAR)"),
              1U);
  }
}

TEST_F(PostgresTypes, ToColumnsThatAreThere) {
  const auto rows_of_table = table("## To PostgreSQL", 1);
  ASSERT_GT(rows_of_table.size(), 25U);
  std::string tables;
  int number = 0;
  for (const auto& row : rows_of_table)
    tables += "CREATE TABLE there_" + std::to_string(number++) + " (v " + row.at(1) + ");";
  sql(tables);
  number = 0;
  for (const auto& row : rows_of_table) {
    ASSERT_EQ(row.size(), 4U);
    SCOPED_TRACE(row[0] + " to " + row[1] + " " + row[2]);
    const std::string there = "there_" + std::to_string(number++);
    make_frame_of(row[0], row[2]);
    constexpr std::string_view k_refused = "refused: ";
    if (row[3].starts_with(k_refused)) {
      const Error error = error_of("postgres.writer", {{"table", there}}, {{"df", "frame"}});
      EXPECT_THAT(error.message,
                  ::testing::StartsWith("cannot write table '" + there + "': " + row[3].substr(k_refused.size())));
      EXPECT_EQ(sql("SELECT count(*) FROM " + there), "0\n");
    } else {
      EXPECT_EQ(run("postgres.writer", {{"table", there}}, {{"df", "frame"}}).rows_written, 2U);
      EXPECT_EQ(sql("SELECT v FROM " + there + " WHERE v IS NOT NULL"), row[3] + "\n");
    }
  }
}

}  // namespace
}  // namespace spillway::testing
