#include "integration/postgres_fixture.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PostgresExtractor : public PostgresTest {};

TEST_F(PostgresExtractor, ParametersAreBound) {
  const Json parameters{42, "it's; DROP TABLE x", nullptr, true, 1.5};
  EXPECT_EQ(read("SELECT $1::int + 1 AS a, $2::text AS b, $3::int AS c, $4::bool AS d, $5::numeric(5,2) AS e",
                 {{"params", parameters}}),
            (Rows{{"43", "it's; DROP TABLE x", std::nullopt, "true", "1.50"}}));
}

TEST_F(PostgresExtractor, WhatCopyRefusesIsReadRowByRow) {
  EXPECT_EQ(read("SHOW server_encoding"), (Rows{{"UTF8"}}));
  EXPECT_EQ(read("/* a comment */ -- another\n (VALUES (1), (2)) -- at the end"), (Rows{{"1"}, {"2"}}));
  EXPECT_FALSE(read("EXPLAIN SELECT 1").empty());
}

TEST_F(PostgresExtractor, NamesMayBeThereTwice) {
  EXPECT_EQ(error_of("postgres.extractor", {{"query", "SELECT 1 AS a, '1.1.1.1'::inet AS a"}}).code, ErrorCode::sql);
  EXPECT_EQ(read("SELECT 1 AS a, '10.0.0.0/8'::cidr AS b"), (Rows{{"1", "10.0.0.0/8"}}));
}

TEST_F(PostgresExtractor, PartsTogetherAreAllRowsOnce) {
  sql("CREATE TABLE p AS SELECT i AS id, repeat('x', 200) AS s FROM generate_series(1, 50000) AS i;"
      "INSERT INTO p VALUES (NULL, 'no id')");
  for (const Json& partition : {Json{{"parts", 3}}, Json{{"column", "id"}, {"parts", 4}}, Json{{"parts", 1}}}) {
    extract("postgres.extractor", {{"table", "p"}, {"partition", partition}});
    EXPECT_EQ(count("SELECT count(*) FROM frame"), 50001U) << partition;
    EXPECT_EQ(count("SELECT count(DISTINCT id) FROM frame"), 50000U) << partition;
  }
  extract("postgres.extractor",
          {{"query", "SELECT id::date FROM (VALUES ('2024-01-01'), ('2024-03-01'), (NULL), ('2023-05-05')) AS v(id)"},
           {"partition", {{"column", "id"}, {"parts", 3}}}});
  EXPECT_EQ(count("SELECT count(*) FROM frame"), 4U);
  extract("postgres.extractor",
          {{"query", "SELECT 1 AS id WHERE false"}, {"partition", {{"column", "id"}, {"parts", 3}}}});
  EXPECT_EQ(count("SELECT count(*) FROM frame"), 0U);
}

/// Room for a row is made in pieces of 64 KB.
TEST_F(PostgresExtractor, RowsMayBeAsLargeAsTheRoomForThemOrLarger) {
  extract("postgres.extractor",
          {{"query",
            "SELECT i, repeat(chr(64 + i), CASE i WHEN 20 THEN 5000000 ELSE 65529 + i % 3 END) AS s, NULL AS n "
            "FROM generate_series(1, 40) AS i"}});
  EXPECT_EQ(count("SELECT count(*) FROM frame WHERE n IS NULL AND s = repeat(chr(64 + i), "
                  "CASE i WHEN 20 THEN 5000000 ELSE 65529 + i % 3 END)"),
            40U);
}

TEST_F(PostgresExtractor, WritingIsRefused) {
  sql("CREATE TABLE w (a int)");
  EXPECT_EQ(read_error({{"query", "INSERT INTO w VALUES (1) RETURNING a"}}),
            "error: cannot read the query: cannot execute INSERT in a read-only transaction [SQLSTATE 25006]\n"
            "  hint: an extractor only reads; the server may also be a read-only replica");
  EXPECT_EQ(sql("SELECT count(*) FROM w"), "0\n");
}

TEST_F(PostgresExtractor, MistakesInTheQueryAreShownWithTheirPlace) {
  EXPECT_EQ(read_error({{"query", "SELECT 1,\n       nme\nFROM pg_class"}}),
            "error: cannot read the query: column \"nme\" does not exist at line 2, column 8 [SQLSTATE 42703]");
  EXPECT_EQ(
      read_error({{"query", "SELECT 1; SELECT 2"}}),
      "error: cannot read the query: cannot insert multiple commands into a prepared statement [SQLSTATE 42601]");
  EXPECT_EQ(read_error({{"table", "nothing"}}),
            "error: cannot read table 'nothing': relation \"nothing\" does not exist at line 1, column 15 [SQLSTATE "
            "42P01]\n  hint: check the name of the table and its schema; spillway discover lists them");
  EXPECT_EQ(read_error({{"query", "SET search_path = x"}}),
            "error: cannot read the query: the statement returns no columns");
}

TEST_F(PostgresExtractor, WhatCannotBeDividedIsTold) {
  EXPECT_EQ(read_error({{"query", "SELECT 1"}, {"partition", {{"parts", 2}}}}),
            "error: cannot read the query: partition needs a 'column' to divide a query by\n"
            "  hint: only a table is divided without one");
  EXPECT_EQ(read_error({{"query", "SELECT 'x'::text AS id"}, {"partition", {{"column", "id"}, {"parts", 2}}}}),
            "error: cannot read the query: cannot divide by column 'id': it is no number, date or timestamp\n"
            "  hint: name another column; a table without such a column is divided by its pages when no column is "
            "named");
  sql("CREATE VIEW v AS SELECT 1 AS a");
  EXPECT_EQ(read_error({{"table", "v"}, {"partition", {{"parts", 2}}}}),
            "error: cannot read table 'v': cannot divide 'v' by its pages: it is no table that has any\n"
            "  hint: name a column: partition: {column: id, parts: 2}");
}

TEST_F(PostgresExtractor, AnErrorOnTheWayEndsTheStep) {
  EXPECT_EQ(read_error({{"query", "SELECT 1 / (5000 - i) FROM generate_series(1, 10000) AS i"}}),
            "error: cannot read the query: division by zero [SQLSTATE 22012]");
}

TEST_F(PostgresExtractor, AStatementThatTakesTooLongIsGivenUp) {
  const Error error = error_of("postgres.extractor", {{"query", "SELECT pg_sleep(60)"}, {"statement_timeout", 1}});
  EXPECT_EQ(error.code, ErrorCode::timeout);
  EXPECT_THAT(error.message, HasSubstr("canceling statement due to statement timeout"));
}

TEST_F(PostgresExtractor, CancellingStopsTheServerToo) {
  std::thread canceller([this] {
    while (sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)%' AND state = 'active' AND "
               "application_name = 'spillway run_1 step'") != "1\n") {
    }
    cancel().cancel();
  });
  const Error error =
      error_of("postgres.extractor", {{"query", "SELECT pg_sleep(61), i FROM generate_series(1, 5) i"}});
  canceller.join();
  EXPECT_EQ(error.code, ErrorCode::cancelled);
  while (sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'spillway%'") != "0\n") {
  }
}

TEST_F(PostgresExtractor, TheConnectionsSchemaIsWhereTablesAre) {
  sql("CREATE TABLE here AS SELECT 'in t' AS a; CREATE TABLE public.here_too AS SELECT 'public' AS a");
  extract("postgres.extractor", {{"table", "here"}});
  EXPECT_EQ(rows(), (Rows{{"in t"}}));
  extract("postgres.extractor", {{"table", "public.here_too"}});
  EXPECT_EQ(rows(), (Rows{{"public"}}));
  sql("DROP TABLE public.here_too");
}

// --- values

TEST_F(PostgresExtractor, UnboundedNumericIsExactOrRefused) {
  EXPECT_EQ(read("SELECT 1.5::numeric AS a, sum(x)::numeric AS b FROM (VALUES (0.1), (0.2)) AS v(x)"),
            (Rows{{"1.5000000000", "0.3000000000"}}));
  EXPECT_EQ(
      read_error({{"query", "SELECT 1.00000000001 AS n"}}),
      "error: cannot read column 'n' of the query, row 1: the number has more digits behind the point than "
      "DECIMAL(38,10) holds\n  hint: unbounded_numeric takes decimal(38,20), text or double; or cast the column "
      "in the query");
  EXPECT_EQ(read_error({{"query", "SELECT 1e30 AS n"}}),
            "error: cannot read column 'n' of the query, row 1: the number is too large for DECIMAL(38,10)\n"
            "  hint: unbounded_numeric takes decimal(38,0), text or double; or cast the column in the query");
  const std::string query = "SELECT 123456789012345678901234567890.123456789 AS n";
  EXPECT_EQ(read(query, {{"unbounded_numeric", "text"}}), (Rows{{"123456789012345678901234567890.123456789"}}));
  EXPECT_EQ(read("SELECT 0.1::numeric AS n", {{"unbounded_numeric", "double"}}), (Rows{{"0.1"}}));
  EXPECT_EQ(read("SELECT 1.00000000001 AS n", {{"unbounded_numeric", "decimal(38,20)"}}),
            (Rows{{"1.00000000001000000000"}}));
}

TEST_F(PostgresExtractor, NanIsNeverZero) {
  EXPECT_EQ(read_error({{"query", "SELECT 'NaN'::numeric(5,2) AS n"}}),
            "error: cannot read column 'n' of the query, row 1: NaN or Infinity is no DECIMAL(5,2)\n"
            "  hint: special_numeric: null reads them as NULL, unbounded_numeric: text or double keeps them");
  EXPECT_EQ(
      read("SELECT n::numeric FROM (VALUES ('NaN'), ('-Infinity'), ('1')) AS v(n)", {{"special_numeric", "null"}}),
      (Rows{{std::nullopt}, {std::nullopt}, {"1.0000000000"}}));
  EXPECT_EQ(read("SELECT n::numeric FROM (VALUES ('NaN'), ('-Infinity')) AS v(n)", {{"unbounded_numeric", "text"}}),
            (Rows{{"NaN"}, {"-Infinity"}}));
  EXPECT_EQ(read("SELECT n::float8 FROM (VALUES ('NaN'), ('-Infinity')) AS v(n)"), (Rows{{"nan"}, {"-inf"}}));
}

TEST_F(PostgresExtractor, ArraysOfMoreDimensionsAreRefused) {
  EXPECT_EQ(read_error({{"query", "SELECT ARRAY[[1,2],[3,4]] AS a"}}),
            "error: cannot read column 'a' of the query, row 1: the array has 2 dimensions, and a LIST has one\n"
            "  hint: cast the column to text, or to_json(column), in the query");
}

TEST_F(PostgresExtractor, ATimestampBeyondTheEnginesIsRefused) {
  EXPECT_EQ(
      read_error({{"query", "SELECT '294270-01-01'::timestamp AS t"}}),
      "error: cannot read column 't' of the query, row 1: the timestamp is beyond the year 294246, the last one "
      "that a TIMESTAMP holds\n  hint: cast the column to text in the query");
}

TEST_F(PostgresExtractor, TheTypesOfUsersAreReadAsText) {
  sql("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN age AS int");
  EXPECT_EQ(read("SELECT 'ok'::mood AS a, ARRAY['sad', NULL]::mood[] AS b, (1, 'x')::pair AS c, 5::age AS d"),
            (Rows{{"ok", "[sad, NULL]", "(1,x)", "5"}}));
  EXPECT_THAT(columns(), ElementsAre("a VARCHAR", "b VARCHAR[]", "c VARCHAR", "d INTEGER"));
}

}  // namespace
}  // namespace spillway::testing
