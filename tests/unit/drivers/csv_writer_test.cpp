#include "drivers/file/csv_writer.hpp"

#include <string>
#include <vector>

#include "support/driver_fixture.hpp"

namespace spillway::drivers::file {
namespace {

using testing::Rows;
using Names = std::vector<std::string>;

class CsvWriterTest : public testing::DriverTest {
 protected:
  std::string written(const std::string& select, Json config = Json::object()) {
    make_frame(select);
    config["path"] = "out.csv";
    run("filesystem.csv_writer", std::move(config), {{"df", "frame"}});
    return read("out.csv");
  }
};

TEST_F(CsvWriterTest, ColumnsAndRowsAreInTheOrderOfTheFrame) {
  EXPECT_EQ(written("SELECT * FROM (VALUES (2, 'y'), (1, 'x')) AS t(b, a)"), "b,a\n2,y\n1,x\n");
}

TEST_F(CsvWriterTest, NullAndEmptyTextStayApart) {
  EXPECT_EQ(written("SELECT * FROM (VALUES (NULL, ''), ('', NULL)) AS t(a, b)"), "a,b\n,\"\"\n\"\",\n");
  EXPECT_EQ(written("SELECT * FROM (VALUES (NULL, 'NULL', '')) AS t(a, b, c)", {{"null_value", "NULL"}}),
            "a,b,c\nNULL,\"NULL\",\n");
  EXPECT_EQ(written("SELECT * FROM (VALUES (NULL, '', 1)) AS t(a, b, c)", {{"quote_all", true}}),
            "\"a\",\"b\",\"c\"\n,\"\",\"1\"\n");
}

TEST_F(CsvWriterTest, TextsAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(written("SELECT 'a,b' AS \"x,y\", 'say \"hi\"' AS \"q\"\"\", 'two' || chr(10) || 'lines' AS n, "
                    "'c' || chr(13) AS r, ' blank ' AS s, 'ünï' AS u, 'a' || chr(0) || 'b' AS z"),
            std::string("\"x,y\",\"q\"\"\",n,r,s,u,z\n\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"c\r\", blank ,ünï,"
                        "a\0b\n",
                        std::size_t{76}));
}

TEST_F(CsvWriterTest, DelimiterQuoteEscapeAndHeader) {
  EXPECT_EQ(written("SELECT 'it''s\\' AS a, 'x\ty' AS b",
                    {{"delimiter", "\t"}, {"quote", "'"}, {"escape", "\\"}, {"header", false}}),
            "'it\\'s\\\\'\t'x\ty'\n");
  EXPECT_EQ(written("SELECT 'it''s,' AS a", {{"quote", "'"}}), "a\n'it''s,'\n") << "the escape is the quote";
}

TEST_F(CsvWriterTest, ValuesAreWrittenSoThatTheyCanBeReadBack) {
  EXPECT_EQ(written("SELECT 0.1 + 0.2::DOUBLE AS d, 0.1::FLOAT AS f, 1e300::DOUBLE AS e, 'nan'::DOUBLE AS n, "
                    "'-inf'::DOUBLE AS i, -0.0::DOUBLE AS z, 1.10::DECIMAL(5,2) AS c, "
                    "170141183460469231731687303715884105727 AS h, true AS b"),
            "d,f,e,n,i,z,c,h,b\n0.30000000000000004,0.1,1e+300,nan,-inf,-0.0,1.10,"
            "170141183460469231731687303715884105727,true\n");
  EXPECT_EQ(written("SELECT DATE '2020-01-31' AS d, TIMESTAMP '2020-01-31 12:00:00.123456' AS t, "
                    "TIMESTAMPTZ '2020-01-31 12:00:00+02' AS z, TIME '12:00:00' AS c, INTERVAL 3 DAYS AS i, "
                    "'\\xAA'::BLOB AS b, UUID '6fa459ea-ee8a-3ca4-894e-db77e160355e' AS u"),
            "d,t,z,c,i,b,u\n2020-01-31,2020-01-31 12:00:00.123456,2020-01-31 10:00:00+00,12:00:00,3 days,\\xAA,"
            "6fa459ea-ee8a-3ca4-894e-db77e160355e\n");
}

TEST_F(CsvWriterTest, NestedValuesAreJson) {
  EXPECT_EQ(written("SELECT [1, NULL] AS l, {'a': 'x', 'b': NULL} AS s, MAP {'k': 1.5} AS m, NULL::INTEGER[] AS n"),
            "l,s,m,n\n\"[1,null]\",\"{\"\"a\"\":\"\"x\"\",\"\"b\"\":null}\",\"{\"\"k\"\":1.5}\",\n");
}

TEST_F(CsvWriterTest, DateAndTimestampFormats) {
  EXPECT_EQ(written("SELECT DATE '2020-01-31' AS d, TIMESTAMP '2020-01-31 12:00:00' AS t, "
                    "TIMESTAMPTZ '2020-01-31 12:00:00+02' AS z",
                    {{"date_format", "%d.%m.%Y"}, {"timestamp_format", "%Y-%m-%dT%H:%M"}}),
            "d,t,z\n31.01.2020,2020-01-31T12:00,2020-01-31T10:00\n");
}

TEST_F(CsvWriterTest, CompressionByNameOrByOption) {
  make_frame("SELECT 1 AS a");
  for (const std::string name : {"x.csv.gz", "x.csv.zst"}) {
    run("filesystem.csv_writer", {{"path", name}}, {{"df", "frame"}});
    EXPECT_NE(read(name).substr(0, 1), "a");
    extract("filesystem.csv_extractor", {{"path", name}}, "back");
    EXPECT_EQ(rows("back"), (Rows{{"1"}}));
  }
  run("filesystem.csv_writer", {{"path", "x.csv.gz"}, {"compression", "none"}}, {{"df", "frame"}});
  EXPECT_EQ(read("x.csv.gz"), "a\n1\n");
}

/// What is written can be read again without a declaration, values and types alike.
TEST_F(CsvWriterTest, RoundTrip) {
  make_frame(
      "SELECT * FROM (VALUES "
      "(1, 'x', 0.5::DOUBLE, DATE '2020-01-31', TIMESTAMP '2020-01-31 12:00:00.5', true, '007'), "
      "(NULL, '', 'nan'::DOUBLE, NULL, TIMESTAMP '0001-01-01 00:00:00', false, 'NULL'), "
      "(-9223372036854775808, 'a,\"b\"' || chr(10), '-inf'::DOUBLE, DATE '9999-12-31', NULL, NULL, NULL), "
      "(9007199254740993, NULL, -0.0::DOUBLE, DATE '0001-01-01', TIMESTAMP '2020-01-31 00:00:00', true, '1')) "
      "AS t(\"i d\", \"text\"\"\", \"select\", d, t, b, z)");
  run("filesystem.csv_writer", {{"path", "x.csv"}}, {{"df", "frame"}});
  extract("filesystem.csv_extractor", {{"path", "x.csv"}}, "back");
  EXPECT_EQ(columns("back"), (Names{"i d BIGINT", "text\" VARCHAR", "select DOUBLE", "d DATE", "t TIMESTAMP",
                                    "b BOOLEAN", "z VARCHAR"}));
  EXPECT_EQ(rows("back"), rows("frame"));
}

TEST_F(CsvWriterTest, LessonColumnsAreNotSorted) {
  EXPECT_EQ(written("SELECT 1 AS z, 2 AS a, 3 AS m").substr(0, 6), "z,a,m\n");
}

}  // namespace
}  // namespace spillway::drivers::file
