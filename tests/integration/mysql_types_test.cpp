#include "engine/sql.hpp"
#include "integration/mysql_fixture.hpp"
#include "support/markdown_table.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::HasSubstr;

/// docs/types.md, row by row.
class MysqlTypes : public MysqlTest {
 protected:
  static std::vector<std::vector<std::string>> table(std::string_view heading, int number = 0) {
    const std::string path = std::string(SPILLWAY_SOURCE_DIR) + "/docs/types.md";
    return markdown_table(read_file(path).value(), heading, number);
  }
  void make_frame_of(const std::string& type, const std::string& value) {
    make_frame("SELECT CAST(" + engine::quote_literal(value) + " AS " + type +
               ") AS v UNION ALL SELECT CAST(NULL AS " + type + ")");
  }
};

TEST_F(MysqlTypes, FromMysql) {
  const auto rows_of_table = table("## From MariaDB and MySQL");
  ASSERT_GT(rows_of_table.size(), 35U);
  std::string statements;
  int number = 0;
  for (const auto& row : rows_of_table) {
    const std::string name = "from_" + std::to_string(number++);
    const bool is_bits = row[0].starts_with("bit");
    statements += "CREATE TABLE " + name + " (i int PRIMARY KEY, v " + row[0] + "); INSERT INTO " + name +
                  " VALUES (1, " + (is_bits ? row[2] : engine::quote_literal(row[2])) + "), (2, NULL);\n";
  }
  sql(statements);
  number = 0;
  for (const auto& row : rows_of_table) {
    ASSERT_EQ(row.size(), 4U);
    SCOPED_TRACE(row[0] + " " + row[2]);
    EXPECT_EQ(read("SELECT v FROM from_" + std::to_string(number++) + " ORDER BY i"),
              (Rows{{row[3]}, {std::nullopt}}));
    EXPECT_EQ(columns(), (std::vector<std::string>{"v " + row[1]}));
  }
}

TEST_F(MysqlTypes, ToMysqlAndBack) {
  const auto rows_of_table = table("## To MariaDB and MySQL");
  ASSERT_GT(rows_of_table.size(), 30U);
  int number = 0;
  std::string looks;
  std::string expected;
  for (const auto& row : rows_of_table) {
    ASSERT_EQ(row.size(), 4U);
    SCOPED_TRACE(row[0] + " " + row[2]);
    const std::string made = "made_" + std::to_string(++number);
    make_frame_of(row[0], row[2]);
    EXPECT_EQ(run("mysql.writer", {{"table", made}, {"create_if_missing", true}}, {{"df", "frame"}}).rows_written,
              2U);
    looks += "SELECT '" + made +
             "', column_type FROM information_schema.columns WHERE table_schema = 't' AND table_name = '" + made +
             "'; SELECT v, v IS NULL FROM " + made + ";";
    expected += made + "\t" + row[1] + "\n" + row[3] + "\t0\nNULL\t1\n";
    // What was written is read as it was, as far as the type is there.
    if (row[1] == "longtext" && row[0] != "JSON" && row[0] != "VARCHAR") continue;
    Json config{{"table", made}, {"wide_decimal", "text"}, {"tinyint1", "boolean"}};
    if (row[0] == "INTERVAL") continue;  // written as a number of hours
    extract("mysql.extractor", config, "back");
    EXPECT_EQ(count("SELECT count(*) FROM frame JOIN back ON CAST(frame.v AS VARCHAR) = CAST(back.v AS VARCHAR)"),
              1U);
  }
  EXPECT_EQ(sql(looks), expected);
}

TEST_F(MysqlTypes, ToColumnsThatAreThere) {
  const auto rows_of_table = table("## To MariaDB and MySQL", 1);
  ASSERT_GT(rows_of_table.size(), 30U);
  std::string statements;
  int number = 0;
  for (const auto& row : rows_of_table) {
    statements += "CREATE TABLE there_" + std::to_string(number++) + " (v " + row.at(1) + ");";
  }
  sql(statements);
  number = 0;
  for (const auto& row : rows_of_table) {
    ASSERT_EQ(row.size(), 4U);
    SCOPED_TRACE(row[0] + " to " + row[1] + " " + row[2]);
    const std::string there = "there_" + std::to_string(number++);
    make_frame_of(row[0], row[2]);
    constexpr std::string_view k_refused = "refused: ";
    if (row[3].starts_with(k_refused)) {
      const Error error = error_of("mysql.writer", {{"table", there}}, {{"df", "frame"}});
      EXPECT_THAT(error.message, HasSubstr("cannot write table '" + there + "': " + row[3].substr(k_refused.size())));
      EXPECT_EQ(sql("SELECT COUNT(*) FROM " + there), "0\n");
    } else {
      EXPECT_EQ(run("mysql.writer", {{"table", there}}, {{"df", "frame"}}).rows_written, 2U);
      extract("mysql.extractor",
              {{"query", "SELECT " + std::string(row[1].starts_with("bit") ? "BINARY v" : "CONCAT(v)") + " FROM " +
                             there + " WHERE v IS NOT NULL"}});
      EXPECT_EQ(rows(), (Rows{{row[3]}}));
    }
  }
}

}  // namespace
}  // namespace spillway::testing
