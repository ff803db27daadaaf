#include "drivers/file/json_writer.hpp"

#include <string>
#include <vector>

#include "support/driver_fixture.hpp"

namespace spillway::drivers::file {
namespace {

using testing::Rows;
using Names = std::vector<std::string>;

class JsonWriterTest : public testing::DriverTest {
 protected:
  std::string written(const std::string& select, Json config = Json::object()) {
    make_frame(select);
    config["path"] = "out.json";
    run("filesystem.json_writer", std::move(config), {{"df", "frame"}});
    return read("out.json");
  }
};

TEST_F(JsonWriterTest, AnObjectALineOrOneArray) {
  const std::string select = "SELECT * FROM (VALUES (2, 'y'), (1, NULL)) AS t(b, a)";
  EXPECT_EQ(written(select), "{\"b\":2,\"a\":\"y\"}\n{\"b\":1,\"a\":null}\n");
  EXPECT_EQ(Json::parse(written(select, {{"format", "array"}})),
            (Json{{{"b", 2}, {"a", "y"}}, {{"b", 1}, {"a", nullptr}}}));
  EXPECT_EQ(written("SELECT 1 AS a WHERE false"), "");
  EXPECT_EQ(Json::parse(written("SELECT 1 AS a WHERE false", {{"format", "array"}})), Json::array());
}

TEST_F(JsonWriterTest, NumbersAreExact) {
  EXPECT_EQ(written("SELECT 9007199254740993 AS b, 170141183460469231731687303715884105727 AS h, "
                    "'9999999999999999999999999999.9999999999'::DECIMAL(38,10) AS d, 5e-324::DOUBLE AS e"),
            "{\"b\":9007199254740993,\"h\":170141183460469231731687303715884105727,"
            "\"d\":9999999999999999999999999999.9999999999,\"e\":5e-324}\n");
}

TEST_F(JsonWriterTest, NestedValuesTextsAndTimes) {
  EXPECT_EQ(written("SELECT [1, NULL] AS l, {'a': 'x'} AS s, '{\"k\": 1}'::JSON AS j, 'q\"' || chr(10) || 'ü' AS t, "
                    "DATE '2020-01-31' AS d, TIMESTAMPTZ '2020-01-31 12:00:00+02' AS z"),
            "{\"l\":[1,null],\"s\":{\"a\":\"x\"},\"j\":{\"k\":1},\"t\":\"q\\\"\\nü\",\"d\":\"2020-01-31\","
            "\"z\":\"2020-01-31 10:00:00+00\"}\n");
  EXPECT_EQ(written("SELECT DATE '2020-01-31' AS d, TIMESTAMP '2020-01-31 12:00:00' AS t",
                    {{"date_format", "%d.%m.%Y"}, {"timestamp_format", "%Y-%m-%dT%H:%M:%SZ"}}),
            "{\"d\":\"31.01.2020\",\"t\":\"2020-01-31T12:00:00Z\"}\n");
}

TEST_F(JsonWriterTest, Compression) {
  make_frame("SELECT 1 AS a");
  for (const std::string name : {"x.json.gz", "x.json.zst"}) {
    run("filesystem.json_writer", {{"path", name}}, {{"df", "frame"}});
    EXPECT_NE(read(name).substr(0, 1), "{");
    extract("filesystem.json_extractor", {{"path", name}}, "back");
    EXPECT_EQ(rows("back"), (Rows{{"1"}}));
  }
  EXPECT_EQ(written("SELECT 1 AS a", {{"compression", "none"}}), "{\"a\":1}\n");
  EXPECT_NE(written("SELECT 1 AS a", {{"compression", "gzip"}}), "{\"a\":1}\n");
}

TEST_F(JsonWriterTest, RoundTrip) {
  make_frame(
      "SELECT * FROM (VALUES "
      "(1, 'x', 0.5::DOUBLE, DATE '2020-01-31', TIMESTAMP '2020-01-31 12:00:00.5', true, [1], {'k': 'v'}), "
      "(NULL, '', 'nan'::DOUBLE, NULL, TIMESTAMP '0001-01-01 00:00:00', false, [], {'k': NULL}), "
      "(-9223372036854775808, 'a' || chr(0) || '\"', '-inf'::DOUBLE, DATE '9999-12-31', NULL, NULL, NULL, NULL), "
      "(9007199254740993, '007', -0.0::DOUBLE, DATE '0001-01-01', TIMESTAMP '2020-01-31 00:00:00', true, [2], "
      "{'k': 'w'})) AS t(\"i d\", \"text\"\"\", \"select\", d, t, b, l, s)");
  for (const char* format : {"lines", "array"}) {
    run("filesystem.json_writer", {{"path", "x.json"}, {"format", format}}, {{"df", "frame"}});
    extract("filesystem.json_extractor", {{"path", "x.json"}}, "back");
    EXPECT_EQ(columns("back"), (Names{"i d BIGINT", "text\" VARCHAR", "select DOUBLE", "d DATE", "t TIMESTAMP",
                                      "b BOOLEAN", "l BIGINT[]", "s STRUCT(\"k\" VARCHAR)"}));
    EXPECT_EQ(rows("back"), rows("frame")) << format;
  }
}

}  // namespace
}  // namespace spillway::drivers::file
