#include "drivers/duckdb/processor.hpp"

#include <string>
#include <vector>

#include "support/driver_fixture.hpp"

namespace spillway::drivers::duckdb {
namespace {

using testing::Rows;
using Names = std::vector<std::string>;

class ProcessorTest : public testing::DriverTest {
 protected:
  ProcessorTest() { make_frame("SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS t(id, name)", "extract-movies"); }

  void process(const std::string& query) {
    run("duckdb.processor", {{"query", query}}, {{"df", "extract-movies"}}, "out");
  }
  Error query_error(const std::string& query) {
    return error_of("duckdb.processor", {{"query", query}}, {{"df", "extract-movies"}});
  }
};

TEST_F(ProcessorTest, ASingleInputHasThreeNames) {
  for (const char* name : {"df", "input_df", "df_extract_movies", "DF"}) {
    process(std::string("SELECT id FROM ") + name);
    EXPECT_EQ(rows("out"), (Rows{{"1"}, {"2"}})) << name;
  }
}

TEST_F(ProcessorTest, SeveralInputsAreJoinedByTheirKeys) {
  make_frame("SELECT 2 AS id, 0.5 AS price", "extract-prices");
  run("duckdb.processor", {{"query", "SELECT name, price FROM df_extract_movies JOIN df_extract_prices USING (id)"}},
      {{"df_extract_movies", "extract-movies"}, {"df_extract_prices", "extract-prices"}}, "out");
  EXPECT_EQ(rows("out"), (Rows{{"y", "0.5"}}));
}

TEST_F(ProcessorTest, EveryReadingStatementIsAllowed) {
  const std::vector<std::string> queries{
      "FROM df",
      "WITH a AS (SELECT * FROM df) SELECT * FROM a",
      "VALUES (1, 'x'), (2, 'y')",
      "SELECT * FROM df UNION ALL SELECT * FROM df LIMIT 2",
      "PIVOT df ON name IN ('x', 'y') USING sum(id)",
      "SELECT * FROM df ORDER BY id DESC",
  };
  for (const std::string& query : queries) {
    process(query);
    EXPECT_GE(count("SELECT count(*) FROM out"), 1U) << query;
  }
  EXPECT_EQ(rows("out")[0][0], "2") << "the order is kept";
}

/// Nothing in the text can end, or comment out, a statement around it.
TEST_F(ProcessorTest, SemicolonsAndCommentsDoNoHarm) {
  for (const char* query :
       {"SELECT 1 AS a FROM df;", "SELECT 1 AS a FROM df -- done", "-- start\nSELECT 1 AS a FROM df",
        "SELECT 1 AS a FROM df /* done */ ; ", "SELECT 1 AS a FROM df WHERE name <> ') --'"}) {
    process(query);
    EXPECT_EQ(columns("out"), Names{"a INTEGER"}) << query;
  }
}

TEST_F(ProcessorTest, OnlyOneStatementThatReads) {
  Error error = query_error("DROP TABLE df");
  EXPECT_EQ(error.code, ErrorCode::sql);
  EXPECT_EQ(error.message, "the statement is no SELECT");
  for (const char* query : {"INSERT INTO df VALUES (3, 'z')", "COPY df TO '/tmp/x.csv'", "ATTACH '/tmp/x.db'",
                            "SET threads = 1", "CREATE TABLE x AS FROM df", "INSTALL httpfs"}) {
    EXPECT_NE(query_error(query).message, "") << query;
  }
  error = query_error("SELECT 1; SELECT 2");
  EXPECT_EQ(error.message, "the text holds 2 statements; one SELECT is allowed");
  EXPECT_EQ(query_error(" -- nothing").message, "the text holds no SQL statement");
}

TEST_F(ProcessorTest, ErrorsPointIntoTheUsersText) {
  const Error error = query_error("SELECT id,\n  nmae\nFROM df");
  EXPECT_EQ(error.code, ErrorCode::sql);
  EXPECT_EQ(error.message,
            "Binder Error: Referenced column \"nmae\" not found in FROM clause!\nCandidate bindings: \"name\"\n\n"
            "LINE 2:   nmae\n          ^");
  EXPECT_EQ(query_error("SELEC 1").message,
            "Parser Error: syntax error at or near \"SELEC\"\n\nLINE 1: SELEC 1\n        ^");
}

TEST_F(ProcessorTest, AnUnknownTableComesWithTheInputsThatThereAre) {
  EXPECT_EQ(query_error("SELECT * FROM df_movies").hint,
            "inputs of this step: df, input_df, df_extract_movies (= extract-movies)");
  const Error error =
      error_of("duckdb.processor", {{"query", "FROM df"}}, {{"df_a", "extract-movies"}, {"df_b", "extract-movies"}});
  EXPECT_EQ(error.hint, "inputs of this step: df_a (= extract-movies); df_b (= extract-movies)");
}

TEST_F(ProcessorTest, AConversionErrorKeepsItsMessageAndNoForeignStatement) {
  const Error error = query_error("SELECT CAST(name AS INTEGER) AS n FROM df");
  EXPECT_EQ(error.code, ErrorCode::bad_data);
  EXPECT_TRUE(error.message.starts_with("Conversion Error: Could not convert string 'x' to INT32"));
  EXPECT_EQ(error.message.find("__spillway"), std::string::npos);
}

TEST_F(ProcessorTest, WithoutInputsThereIsNoFrameToProcess) {
  const Error error = error_of("duckdb.processor", {{"query", "SELECT 1"}});
  EXPECT_EQ(error.code, ErrorCode::missing_input);
  EXPECT_EQ(error.message, "duckdb.processor requires 'df' input, but step 'step' was given none");
}

TEST_F(ProcessorTest, AFrameOfNoRows) {
  process("SELECT * FROM df WHERE false");
  EXPECT_EQ(columns("out"), (Names{"id INTEGER", "name VARCHAR"}));
  EXPECT_EQ(rows("out"), Rows{});
}

/// The engine as a worker opens it: files that the pipeline does not name are out of reach.
class ConfinedProcessorTest : public testing::DriverTest {
 protected:
  Error query_error(const std::string& query) {
    make_frame("SELECT 1 AS a");
    return error_of("duckdb.processor", {{"query", query}}, {{"df", "frame"}});
  }
  engine::DatabaseOptions database_options() const override {
    return {
        .threads = 2, .temp_directory = at("tmp"), .access = engine::AccessList{{artifacts()}, {at("granted.csv")}}};
  }
};

TEST_F(ConfinedProcessorTest, APathThatIsNotNamedComesWithTheYamlThatGrantsIt) {
  for (const char* query : {"SELECT * FROM '/etc/passwd'", "SELECT * FROM read_csv('/etc/passwd')",
                            "SELECT content FROM read_text('/etc/passwd')"}) {
    const Error error = query_error(query);
    EXPECT_EQ(error.code, ErrorCode::access_denied) << query;
    EXPECT_EQ(error.message,
              "the SQL of step 'step' may not read '/etc/passwd': the pipeline does not name this path");
    EXPECT_EQ(error.hint,
              "read it in a step of its own, and name that step in the needs of 'step':\n"
              "    - id: read-file\n"
              "      component: filesystem.csv_extractor\n"
              "      config: {path: /etc/passwd}");
  }
  EXPECT_NE(query_error("SELECT * FROM '/data/x.parquet'").hint.find("filesystem.parquet_extractor"),
            std::string::npos);
  EXPECT_EQ(query_error("SELECT * FROM glob('/etc/*')").code, ErrorCode::access_denied);
}

}  // namespace
}  // namespace spillway::drivers::duckdb
