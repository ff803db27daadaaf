#include "integration/mysql_fixture.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MysqlExtractor : public MysqlTest {};

TEST_F(MysqlExtractor, ReadsLongValues) {
  EXPECT_EQ(read("SELECT LENGTH(s), s = REPEAT('ž', 400000) FROM (SELECT REPEAT('ž', 400000) AS s) AS q"),
            (Rows{{"800000", "1"}}));
  extract("mysql.extractor", {{"query", "SELECT REPEAT('ž', 4000000) AS s"}});
  EXPECT_EQ(count("SELECT strlen(s) FROM frame"), 8000000U);
}

TEST_F(MysqlExtractor, ParametersAreBound) {
  EXPECT_EQ(read("SELECT ? + 1 AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f",
                 {{"params", {42, "it's; DROP TABLE x", nullptr, true, 1.5, 18446744073709551615U}}}),
            (Rows{{"43", "it's; DROP TABLE x", std::nullopt, "1", "1.5", "18446744073709551615"}}));
  sql("CREATE TABLE n AS SELECT seq AS i FROM seq_1_to_10");
  extract("mysql.extractor", {{"table", "n"}, {"filter", "i > ?"}, {"params", {8}}});
  EXPECT_EQ(rows().size(), 2U);
  EXPECT_EQ(read_error({{"query", "SELECT ?, ?"}, {"params", {1}}}),
            "error: cannot read the query: the statement has 2 placeholders '?', and params 1 values\n"
            "  hint: params: [1, \"two\"] gives one value for each '?'");
}

TEST_F(MysqlExtractor, PartsTogetherAreAllRowsOnce) {
  sql("CREATE TABLE p (id int, s varchar(200), d datetime(6), n decimal(20,3), u bigint unsigned);"
      "INSERT INTO p SELECT seq, REPEAT('x', 100), '2020-01-01' + INTERVAL seq * 1234567 MICROSECOND, seq / 3,"
      " 18446744073709551615 - seq FROM seq_1_to_20000; INSERT INTO p (s) VALUES ('no id')");
  for (const char* column : {"id", "d", "n", "u"}) {
    extract("mysql.extractor", {{"table", "p"}, {"partition", {{"column", column}, {"parts", 3}}}});
    EXPECT_EQ(count("SELECT count(*) FROM frame"), 20001U) << column;
    EXPECT_EQ(count("SELECT count(DISTINCT id) FROM frame"), 20000U) << column;
  }
  extract("mysql.extractor",
          {{"query", "SELECT id, s FROM p WHERE id < 100"}, {"partition", {{"column", "id"}, {"parts", 2}}}});
  EXPECT_EQ(count("SELECT sum(id) FROM frame"), 4950U);
  extract("mysql.extractor",
          {{"query", "SELECT 1 AS id WHERE false"}, {"partition", {{"column", "id"}, {"parts", 3}}}});
  EXPECT_EQ(count("SELECT count(*) FROM frame"), 0U);
}

TEST_F(MysqlExtractor, WritingIsRefused) {
  sql("CREATE TABLE w (a int)");
  EXPECT_EQ(read_error({{"query", "INSERT INTO w VALUES (1) RETURNING a"}}),
            "error: cannot read the query: Cannot execute statement in a READ ONLY transaction [error 1792]\n"
            "  hint: an extractor only reads; the server may also be a read-only replica");
  EXPECT_THAT(read_error({{"query", "DROP TABLE w"}}), HasSubstr("the statement returns no columns"));
  EXPECT_EQ(sql("SELECT count(*) FROM w"), "0\n");
}

TEST_F(MysqlExtractor, MistakesInTheQueryAreShown) {
  EXPECT_EQ(read_error({{"query", "SELECT nme FROM (SELECT 1 AS name) AS q"}}),
            "error: cannot read the query: Unknown column 'nme' in 'SELECT' [error 1054]");
  sql("CREATE TABLE orders (a int)");
  EXPECT_EQ(read_error({{"table", "order"}}),
            "error: cannot read table 'order': Table 't.order' doesn't exist [error 1146]\n"
            "  hint: did you mean 'orders'?");
  EXPECT_EQ(read_error({{"table", "nothing"}}),
            "error: cannot read table 'nothing': Table 't.nothing' doesn't exist [error 1146]\n"
            "  hint: check the name of the table and its database; spillway discover lists them");
  EXPECT_EQ(read_error({{"query", "SET @x = 1"}}), "error: cannot read the query: the statement returns no columns");
}

TEST_F(MysqlExtractor, PartsWithoutTheRightToLockAreRefused) {
  server().sql("CREATE OR REPLACE USER reader@'%' IDENTIFIED BY 'r'; GRANT SELECT ON t.* TO reader@'%'");
  sql("CREATE TABLE p AS SELECT seq AS id FROM seq_1_to_10");
  fields["user"] = "reader";
  fields["password"] = "r";
  EXPECT_EQ(
      read_error({{"table", "p"}, {"partition", {{"column", "id"}, {"parts", 2}}}}),
      "error: cannot read table 'p': cannot hold off writers while the parts' snapshots are taken: Access denied "
      "for user 'reader'@'%' to database 't' [error 1044]\n"
      "  hint: grant LOCK TABLES to the connection's user, or read without partition");
  EXPECT_THAT(read_error({{"query", "SELECT id FROM p"}, {"partition", {{"column", "id"}, {"parts", 2}}}}),
              HasSubstr("hint: grant RELOAD to the connection's user, or read without partition"));
  server().sql("GRANT LOCK TABLES ON t.* TO reader@'%'");
  extract("mysql.extractor", {{"table", "p"}, {"partition", {{"column", "id"}, {"parts", 2}}}});
  EXPECT_EQ(rows().size(), 10U);
}

TEST_F(MysqlExtractor, AnErrorOnTheWayEndsTheStep) {
  EXPECT_THAT(read_error({{"query",
                           "SELECT (SELECT seq FROM seq_1_to_5 AS i WHERE o.seq = 5000 OR i.seq = 1) AS a FROM "
                           "seq_1_to_10000 AS o"}}),
              HasSubstr("Subquery returns more than 1 row [error 1242]"));
}

TEST_F(MysqlExtractor, AStatementThatTakesTooLongIsGivenUp) {
  const Error error = error_of("mysql.extractor", {{"query", "SELECT SLEEP(60)"}, {"statement_timeout", 1}});
  EXPECT_EQ(error.code, ErrorCode::timeout);
  EXPECT_THAT(error.message, HasSubstr("max_statement_time exceeded"));
}

class MysqlCancelling : public MysqlTest {
 protected:
  void expect_that_cancelling_stops_the_server() {
    const std::string running =
        "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(61)%'";
    std::thread canceller([&] {
      while (sql(running) != "1\n") {
      }
      cancel().cancel();
    });
    const Error error = error_of("mysql.extractor", {{"query", "SELECT SLEEP(61), seq FROM seq_1_to_5"}});
    canceller.join();
    EXPECT_EQ(error.code, ErrorCode::cancelled);
    while (sql(running) != "0\n") {
    }
  }
};

TEST_F(MysqlCancelling, StopsTheServerToo) { expect_that_cancelling_stops_the_server(); }

TEST_F(MysqlCancelling, StopsTheServerToo_WithTls) {
  fields = tcp_fields();
  expect_that_cancelling_stops_the_server();
}

/// The rows come in a thread of their own: what it waits for ends when nobody wants them any more.
TEST_F(MysqlExtractor, AStepThatFailsWaitsForNoMoreRows) {
  sql("SET sql_mode = ''; CREATE TABLE z (a date); INSERT INTO z VALUES ('0000-00-00')");
  const std::string query =
      "SELECT a, REPEAT('x', 2000) AS t, IF(seq > 1000, SLEEP(60), 0) AS s FROM z, seq_1_to_5000";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(read_error({{"query", query}}), HasSubstr("the calendar has no 0000-00-00"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30)) << "of 4000 minutes";
  while (sql("SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT a, REPEAT%'") != "0\n") {
  }
}

// --- values

TEST_F(MysqlExtractor, IntegersKeepTheirWidth) {
  sql("CREATE TABLE i (a tinyint, b tinyint unsigned, c smallint, d smallint unsigned, e mediumint, f mediumint "
      "unsigned, g int, h int unsigned, i bigint, j bigint unsigned, y year);"
      "INSERT INTO i VALUES (-128, 0, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0, 1901),"
      "(127, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 9223372036854775807, "
      "18446744073709551615, "
      "2155), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0000)");
  EXPECT_EQ(
      read("SELECT * FROM i"),
      (Rows{{"-128", "0", "-32768", "0", "-8388608", "0", "-2147483648", "0", "-9223372036854775808", "0", "1901"},
            {"127", "255", "32767", "65535", "8388607", "16777215", "2147483647", "4294967295", "9223372036854775807",
             "18446744073709551615", "2155"},
            {std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
             std::nullopt, std::nullopt, std::nullopt, "0"}}));
  EXPECT_THAT(columns(), ElementsAre("a TINYINT", "b UTINYINT", "c SMALLINT", "d USMALLINT", "e INTEGER",
                                     "f UINTEGER", "g INTEGER", "h UINTEGER", "i BIGINT", "j UBIGINT", "y SMALLINT"));
}

TEST_F(MysqlExtractor, TinyintOneIsABooleanWhenDeclared) {
  sql("CREATE TABLE b (a boolean, c tinyint(4)); INSERT INTO b VALUES (true, 1), (false, 0), (NULL, NULL)");
  EXPECT_EQ(read("SELECT * FROM b"), (Rows{{"1", "1"}, {"0", "0"}, {std::nullopt, std::nullopt}}));
  EXPECT_EQ(read("SELECT * FROM b", {{"tinyint1", "boolean"}}),
            (Rows{{"true", "1"}, {"false", "0"}, {std::nullopt, std::nullopt}}));
  sql("INSERT INTO b VALUES (2, 2)");
  EXPECT_EQ(read_error({{"query", "SELECT * FROM b"}, {"tinyint1", "boolean"}}),
            "error: cannot read column 'a' of the query, row 4: 2 is neither 0 nor 1\n"
            "  hint: tinyint1: integer reads TINYINT(1) as a number");
}

TEST_F(MysqlExtractor, DecimalsAreExactOrRefused) {
  sql("CREATE TABLE d (a decimal(4,1), b decimal(18,18) unsigned, c decimal(38,10), d decimal(65,30), e decimal(41));"
      "INSERT INTO d VALUES (-999.9, 0.123456789012345678, -1234567890123456789012345678.0123456789, "
      "-1.5, 99999999999999999999999999999999999999), (0, 0, 0, 0, 0)");
  EXPECT_EQ(read("SELECT * FROM d"),
            (Rows{{"-999.9", ".123456789012345678", "-1234567890123456789012345678.0123456789",
                   "-1.500000000000000000000000000000", "99999999999999999999999999999999999999"},
                  {"0.0", ".000000000000000000", "0.0000000000", "0.000000000000000000000000000000", "0"}}));
  EXPECT_THAT(columns(), ElementsAre("a DECIMAL(4,1)", "b DECIMAL(18,18)", "c DECIMAL(38,10)", "d DECIMAL(38,30)",
                                     "e DECIMAL(38,0)"));
  sql("INSERT INTO d (d) VALUES (123456789.5)");
  EXPECT_EQ(read_error({{"query", "SELECT d FROM d"}}),
            "error: cannot read column 'd' of the query, row 3: the number "
            "123456789.500000000000000000000000000000 is too large for DECIMAL(38,30)\n"
            "  hint: wide_decimal takes text or double; or cast the column in the query");
  EXPECT_EQ(read("SELECT d FROM d LIMIT 2, 1", {{"wide_decimal", "text"}}),
            (Rows{{"123456789.500000000000000000000000000000"}}));
  EXPECT_EQ(read("SELECT d FROM d LIMIT 2, 1", {{"wide_decimal", "double"}}), (Rows{{"123456789.5"}}));
  EXPECT_EQ(read("SELECT SUM(seq) AS s FROM seq_1_to_10"), (Rows{{"55"}}));
}

TEST_F(MysqlExtractor, FloatsAreNotRounded) {
  sql("CREATE TABLE f (a float, b double); INSERT INTO f VALUES (16777215, 1.7976931348623157e308), "
      "(-3.4e38, 4.9406564584124654e-324), (0.1, 0.1)");
  extract("mysql.extractor", {{"table", "f"}});
  EXPECT_EQ(count("SELECT count(*) FROM frame WHERE a = 16777215 AND b = 1.7976931348623157e308"), 1U);
  EXPECT_EQ(count("SELECT count(*) FROM frame WHERE a = CAST(-3.4e38 AS FLOAT)"), 1U);
  EXPECT_EQ(count("SELECT count(*) FROM frame WHERE a = CAST(0.1 AS FLOAT) AND b = CAST(0.1 AS DOUBLE)"), 1U);
}

TEST_F(MysqlExtractor, TextsOfEveryCharacterSetArriveAsUtf8) {
  sql("CREATE TABLE s (a varchar(20) CHARACTER SET latin1, b char(5) CHARACTER SET utf8mb3, c text CHARACTER SET "
      "utf16, d longtext CHARACTER SET utf8mb4, e varchar(9) CHARACTER SET cp1250, f enum('a','žluť'), g "
      "set('x','y'));"
      "INSERT INTO s VALUES ('naïve', 'ab', 'žluť', '🙂', 'kůň', 'žluť', 'x,y')");
  EXPECT_EQ(read("SELECT * FROM s"), (Rows{{"naïve", "ab", "žluť", "🙂", "kůň", "žluť", "x,y"}}));
}

TEST_F(MysqlExtractor, BytesBitsAndOtherTypes) {
  sql("CREATE TABLE o (a blob, b varbinary(5), c binary(3), d bit(1), e bit(64), f json, g uuid, h inet6, i inet4, "
      "j int GENERATED ALWAYS AS (7 * 6) STORED);"
      "INSERT INTO o (a, b, c, d, e, f, g, h, i) VALUES (x'00ff0a', '', 'a', b'1', 18446744073709551615, '{\"a\": "
      "[1]}',"
      " '123e4567-e89b-12d3-a456-426655440000', '::1', '10.0.0.1')");
  EXPECT_EQ(read("SELECT * FROM o"),
            (Rows{{"\\x00\\xFF\\x0A", "", "a\\x00\\x00", "1", "18446744073709551615", "{\"a\": [1]}",
                   "123e4567-e89b-12d3-a456-426655440000", "::1", "10.0.0.1", "42"}}));
  EXPECT_THAT(columns(), ElementsAre("a BLOB", "b BLOB", "c BLOB", "d UBIGINT", "e UBIGINT", "f JSON", "g UUID",
                                     "h VARCHAR", "i VARCHAR", "j INTEGER"));
}

TEST_F(MysqlExtractor, DatesAndTimesKeepTheirMicroseconds) {
  sql("CREATE TABLE d (a date, b datetime, c datetime(6), d timestamp(6) NULL, e time(6));"
      "INSERT INTO d VALUES ('0001-01-01', '1000-01-01', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999999', "
      "'23:59:59.999999'), ('9999-12-31', '2024-02-29 12:00:00', '0001-01-01', '1970-01-01 00:00:01', '0:0:0')");
  EXPECT_EQ(
      read("SELECT * FROM d"),
      (Rows{{"0001-01-01", "1000-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2038-01-19 03:14:07.999999+00",
             "23:59:59.999999"},
            {"9999-12-31", "2024-02-29 12:00:00", "0001-01-01 00:00:00", "1970-01-01 00:00:01+00", "00:00:00"}}));
  EXPECT_THAT(columns(), ElementsAre("a DATE", "b TIMESTAMP", "c TIMESTAMP", "d TIMESTAMP WITH TIME ZONE", "e TIME"));
}

TEST_F(MysqlExtractor, TimesBeyondADayAreIntervalsOrRefused) {
  sql("CREATE TABLE d (a time(6)); INSERT INTO d VALUES ('838:59:59.999999'), ('-838:59:59'), ('-00:00:00.000001')");
  EXPECT_EQ(read_error({{"table", "d"}}),
            "error: cannot read column 'a' of table 'd', row 1: the TIME is no time of a day\n"
            "  hint: time: interval reads TIME as INTERVAL, from -838:59:59 to 838:59:59");
  EXPECT_EQ(read("SELECT * FROM d", {{"time", "interval"}}),
            (Rows{{"838:59:59.999999"}, {"-838:59:59"}, {"-00:00:00.000001"}}));
}

TEST_F(MysqlExtractor, ZeroDatesAreNeverSilent) {
  sql("SET sql_mode = 'ALLOW_INVALID_DATES'; CREATE TABLE z (a date, b datetime, c timestamp NULL); INSERT INTO z "
      "VALUES "
      "('0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00'), ('2024-02-31', '2024-01-01', '2024-01-01')");
  EXPECT_EQ(read_error({{"query", "SELECT a FROM z"}}),
            "error: cannot read column 'a' of the query, row 1: the calendar has no 0000-00-00\n"
            "  hint: zero_date: null reads such dates as NULL");
  EXPECT_THAT(read_error({{"query", "SELECT c FROM z"}}), HasSubstr("the calendar has no 0000-00-00"));
  EXPECT_THAT(read_error({{"query", "SELECT a FROM z LIMIT 1, 1"}}), HasSubstr("the calendar has no 2024-02-31"));
  EXPECT_EQ(read("SELECT * FROM z", {{"zero_date", "null"}}),
            (Rows{{std::nullopt, std::nullopt, std::nullopt},
                  {std::nullopt, "2024-01-01 00:00:00", "2024-01-01 00:00:00+00"}}));
}

}  // namespace
}  // namespace spillway::testing
