#include "drivers/file/json_extractor.hpp"

#include <string>
#include <vector>

#include "drivers/file/json_types.hpp"
#include "support/driver_fixture.hpp"

namespace spillway::drivers::file {
namespace {

using testing::Rows;
using Names = std::vector<std::string>;

class JsonExtractorTest : public testing::DriverTest {
 protected:
  void extract_json(Json config) { extract("filesystem.json_extractor", std::move(config)); }
  Error json_error(Json config) { return error_of("filesystem.json_extractor", std::move(config)); }
};

TEST_F(JsonExtractorTest, ArraysLinesAndSingleObjects) {
  write("array.json", "[{\"b\": 1, \"a\": \"x\"},\n {\"c\": true, \"b\": 2}]");
  extract_json({{"path", "array.json"}});
  EXPECT_EQ(columns(), (Names{"b BIGINT", "a VARCHAR", "c BOOLEAN"})) << "in the order in which keys appear";
  EXPECT_EQ(rows(), (Rows{{"1", "x", std::nullopt}, {"2", std::nullopt, "true"}}));
  write("lines.json", "{\"b\": 1, \"a\": \"x\"}\n\n{\"c\": true, \"b\": 2}\n");
  for (const char* format : {"auto", "lines"}) {
    extract_json({{"path", "lines.json"}, {"format", format}});
    EXPECT_EQ(rows(), (Rows{{"1", "x", std::nullopt}, {"2", std::nullopt, "true"}})) << format;
  }
  write("object.json", "{\n  \"b\": 1,\n  \"a\": \"x\"\n}\n");
  extract_json({{"path", "object.json"}});
  EXPECT_EQ(rows(), (Rows{{"1", "x"}}));
}

TEST_F(JsonExtractorTest, ByteOrderMark) {
  write("array.json", "\xEF\xBB\xBF[{\"a\": 1}]");
  extract_json({{"path", "array.json"}});
  EXPECT_EQ(rows(), (Rows{{"1"}}));
  write("lines.json", "\xEF\xBB\xBF{\"a\": 1}\n{\"a\": 2}\n");
  for (const char* format : {"auto", "lines"}) {
    extract_json({{"path", "lines.json"}, {"format", format}});
    EXPECT_EQ(rows(), (Rows{{"1"}, {"2"}})) << format;
  }
}

TEST_F(JsonExtractorTest, LessonIntegersAbove2To53AreExact) {
  write("a.json",
        "{\"a\": 9007199254740993, \"b\": 18446744073709551615, \"c\": 123456789012345678901234567890, \"d\": 1}\n"
        "{\"a\": -1, \"b\": 1, \"c\": 2, \"d\": 9007199254740993}\n{\"d\": 1.5}\n");
  extract_json({{"path", "a.json"}});
  EXPECT_EQ(columns(), (Names{"a BIGINT", "b HUGEINT", "c HUGEINT", "d VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"9007199254740993", "18446744073709551615", "123456789012345678901234567890", "1"},
                          {"-1", "1", "2", "9007199254740993"},
                          {std::nullopt, std::nullopt, std::nullopt, "1.5"}}));
}

TEST_F(JsonExtractorTest, TextsAreTimesOnlyWhenAllAreIso) {
  write(
      "a.json",
      R"({"d": "2020-01-31", "t": "2020-01-31T12:00:00", "z": "2020-01-31T12:00:00+02:00", "m": "2020-01-31", "n": "01234"}
{"d": "2020-02-01", "t": "2020-02-01 12:00:00.5", "z": "2020-01-31T12:00:00Z", "m": "soon", "n": "12"}
)");
  extract_json({{"path", "a.json"}});
  EXPECT_EQ(columns(), (Names{"d DATE", "t TIMESTAMP", "z TIMESTAMP WITH TIME ZONE", "m VARCHAR", "n VARCHAR"}));
  EXPECT_EQ(rows()[0],
            (testing::Row{"2020-01-31", "2020-01-31 12:00:00", "2020-01-31 10:00:00+00", "2020-01-31", "01234"}));
}

TEST_F(JsonExtractorTest, TextsThatLookLikeOtherTypesStayAsTheyAreWritten) {
  write("a.json",
        R"({"u": "6FA459EA-ee8a-3ca4-894e-db77e160355e", "t": "12:30", "d": "01-02-2020", "n": "7", "b": "true"})");
  extract_json({{"path", "a.json"}});
  EXPECT_EQ(columns(), (Names{"u VARCHAR", "t VARCHAR", "d VARCHAR", "n VARCHAR", "b VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"6FA459EA-ee8a-3ca4-894e-db77e160355e", "12:30", "01-02-2020", "7", "true"}}));
}

TEST_F(JsonExtractorTest, NestedValuesAndValuesOfSeveralTypes) {
  write("a.json", R"({"s": {"x": 1, "y": "2020-01-31"}, "l": [1, 2], "o": [{"k": true}], "m": 1, "e": [], "n": null}
{"s": {"x": 2, "z": [0.5]}, "l": [], "o": [], "m": "a", "e": [], "n": null}
)");
  extract_json({{"path", "a.json"}});
  EXPECT_EQ(columns(), (Names{R"(s STRUCT("x" BIGINT, "y" VARCHAR, "z" DOUBLE[]))", "l BIGINT[]",
                              R"(o STRUCT("k" BOOLEAN)[])", "m JSON", "e JSON[]", "n JSON"}));
  EXPECT_EQ(rows()[0], (testing::Row{"{'x': 1, 'y': 2020-01-31, 'z': NULL}", "[1, 2]", "[{'k': true}]", "1", "[]",
                                     std::nullopt}));
  EXPECT_EQ(rows()[1][3], "\"a\"");
}

TEST_F(JsonExtractorTest, KeysThatAppearLateBecomeColumns) {
  std::string lines;
  for (int i = 0; i < 30000; ++i) lines += "{\"a\": 1}\n";
  write("a.json", lines + "{\"a\": 2.5, \"b\": \"x\"}\n");
  extract_json({{"path", "a.json"}});
  EXPECT_EQ(columns(), (Names{"a DOUBLE", "b VARCHAR"}));
  EXPECT_EQ(count("SELECT count(b) FROM frame"), 1U);
}

TEST_F(JsonExtractorTest, ASampleNeverChangesAValueBehindIt) {
  write("a.json", "{\"a\": 1}\n{\"a\": 1}\n{\"a\": 2.5}\n");
  const Error error = json_error({{"path", "a.json"}, {"sample_rows", 2}});
  EXPECT_EQ(error.message, "cannot read 'a.json': line 3, column 'a': '2.5' is no BIGINT");
  EXPECT_EQ(error.hint, "its type was guessed from the first objects: sample_rows: -1 looks at all of them");
}

TEST_F(JsonExtractorTest, NamesOfColumnsAreKeptWhateverTheyAre) {
  write("a.json", R"({"a \"b\"": 1, "c.d": 2, "e/f~g": 3, "sélect": 4, "it's": 5, "": 6})");
  extract_json({{"path", "a.json"}, {"columns", {"a \"b\"", "c.d", "e/f~g", "sélect", "it's"}}});
  EXPECT_EQ(rows(), (Rows{{"1", "2", "3", "4", "5"}}));
}

/// The engine calls the second A_1, and finds nothing under that name.
TEST_F(JsonExtractorTest, KeysThatDifferInCaseOnly) {
  write("a.json", R"({"a": 1, "A": 2})");
  EXPECT_EQ(json_error({{"path", "a.json"}}).message,
            "cannot read 'a.json': there is a key 'A' and another that differs in case only");
  write("a.json", R"({"a": 1, "a_1": 2})");
  extract_json({{"path", "a.json"}});
  EXPECT_EQ(rows(), (Rows{{"1", "2"}}));
}

TEST_F(JsonExtractorTest, DeclaredTypes) {
  write("a.json",
        R"({"id": 7, "price": 1.10, "at": "2020-01-31T12:00:00Z", "raw": {"x": 1}, "text": 12.5, "day": "31.12.2020"}
{"id": "8", "price": "2.5", "raw": [1], "text": "y"}
)");
  extract_json({{"path", "a.json"},
                {"date_format", "%d.%m.%Y"},
                {"types",
                 {{"id", "INTEGER"},
                  {"price", "DECIMAL(10,2)"},
                  {"at", "TIMESTAMPTZ"},
                  {"raw", "JSON"},
                  {"text", "VARCHAR"},
                  {"day", "DATE"},
                  {"absent", "BIGINT"}}}});
  EXPECT_EQ(columns(), (Names{"id INTEGER", "price DECIMAL(10,2)", "at TIMESTAMP WITH TIME ZONE", "raw JSON",
                              "text VARCHAR", "day DATE", "absent BIGINT"}));
  EXPECT_EQ(rows(), (Rows{{"7", "1.10", "2020-01-31 12:00:00+00", "{\"x\":1}", "12.5", "2020-12-31", std::nullopt},
                          {"8", "2.50", std::nullopt, "[1]", "y", std::nullopt, std::nullopt}}));
}

TEST_F(JsonExtractorTest, DateAndTimestampFormatsApplyToTextsThatFollowThem) {
  write("a.json", R"({"d": "31.12.2020", "t": "31.12.2020 23:59", "x": "31.12.2020"}
{"d": "01.01.2021", "t": "01.01.2021 00:00", "x": "soon"}
)");
  extract_json({{"path", "a.json"}, {"date_format", "%d.%m.%Y"}, {"timestamp_format", "%d.%m.%Y %H:%M"}});
  EXPECT_EQ(columns(), (Names{"d DATE", "t TIMESTAMP", "x VARCHAR"}));
  EXPECT_EQ(rows()[0], (testing::Row{"2020-12-31", "2020-12-31 23:59:00", "31.12.2020"}));
}

TEST_F(JsonExtractorTest, ADeclaredTypeNeverChangesAValueToFit) {
  const auto message_of = [&](const std::string& type, const std::string& value) {
    write("a.json", "[{\"a\": null}, {\"a\": " + value + "}]");
    return json_error({{"path", "a.json"}, {"types", {{"a", type}}}}).message;
  };
  EXPECT_EQ(message_of("BIGINT", "3.5"), "cannot read 'a.json': record 2, column 'a': '3.5' is no BIGINT");
  EXPECT_EQ(message_of("DATE", "\"2020-01-31 12:00:00\""),
            "cannot read 'a.json': record 2, column 'a': '2020-01-31 12:00:00' is no DATE");
  EXPECT_EQ(message_of("BIGINT", "{\"x\": 1}"),
            "cannot read 'a.json': record 2, column 'a': '{\"x\":1}' is no BIGINT");
  EXPECT_EQ(message_of("TIMESTAMPTZ", "\"N/A\""),
            "cannot read 'a.json': record 2, column 'a': 'N/A' is no TIMESTAMP WITH TIME ZONE");
}

TEST_F(JsonExtractorTest, ColumnsFilenameAndLimit) {
  write("d/1.json", "[{\"a\": 1, \"b\": \"x\"}]");
  write("d/2.json", "{\"a\": 2, \"c\": 0.5}\n{\"a\": 3}\n");
  extract_json({{"path", "d/*.json"}, {"columns", {"c", "a"}}, {"filename_column", "file"}, {"limit", 2}});
  EXPECT_EQ(columns(), (Names{"c DOUBLE", "a BIGINT", "file VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{std::nullopt, "1", "d/1.json"}, {"0.5", "2", "d/2.json"}}));
  const Error error = json_error({{"path", "d/*.json"}, {"columns", {"aa", "cc"}}});
  EXPECT_EQ(error.message, "cannot find column 'aa' in 'd/1.json' and 1 more file");
  EXPECT_EQ(error.hint, "the columns are: a, b, c");
}

/// Nothing is looked at that nobody asked for.
TEST_F(JsonExtractorTest, WithAllColumnsDeclaredNothingIsInferred) {
  write("a.json", "[]");
  extract_json({{"path", "a.json"}, {"columns", {"a"}}, {"types", {{"a", "BIGINT"}}}});
  EXPECT_EQ(columns(), (Names{"a BIGINT"}));
  EXPECT_EQ(rows(), Rows{});
}

TEST_F(JsonExtractorTest, WithoutObjectsThereAreNoColumns) {
  for (const char* text : {"[]", "[1, 2]", "\n"}) {
    write("a.json", text);
    const Error error = json_error({{"path", "a.json"}});
    EXPECT_EQ(error.code, ErrorCode::bad_data);
    EXPECT_EQ(error.message, "cannot read 'a.json': there is no object to take columns from");
    EXPECT_EQ(error.hint, "a file that may hold no objects needs their types: types: {id: BIGINT}");
  }
  write("a.json", "[]");
  extract_json({{"path", "a.json"}, {"types", {{"id", "BIGINT"}}}});
  EXPECT_EQ(columns(), (Names{"id BIGINT"}));
}

TEST_F(JsonExtractorTest, CompressedFiles) {
  copy("SELECT 1 AS a", "a.json.gz", "FORMAT json, COMPRESSION gzip");
  copy("SELECT 2 AS a", "b.json.zst", "FORMAT json, COMPRESSION zstd");
  extract_json({{"path", {"a.json.gz", "b.json.zst"}}});
  EXPECT_EQ(rows(), (Rows{{"1"}, {"2"}}));
}

TEST_F(JsonExtractorTest, TwoThousandColumns) {
  std::string object;
  for (int i = 0; i < 2000; ++i)
    object += (i == 0 ? "{\"c" : ",\"c") + std::to_string(i) + "\": " + std::to_string(i);
  write("a.json", object + "}\n");
  extract_json({{"path", "a.json"}});
  EXPECT_EQ(columns().size(), 2000U);
  EXPECT_EQ(rows()[0][1999], "1999");
}

TEST_F(JsonExtractorTest, MalformedJsonIsNamedWithItsPlace) {
  write("a.json", "{\"a\": 1}\n{\"a\": oops}\n{\"a\": 3}\n");
  Error error = json_error({{"path", "a.json"}});
  EXPECT_EQ(error.code, ErrorCode::bad_data);
  EXPECT_EQ(error.message, "cannot read 'a.json': line 2, byte 7: unexpected character");
  EXPECT_EQ(error.hint, "a file with an object a line can be read with on_bad_rows: skip");
  write("a.json", "[{\"a\": 1},\n{\"a\": 2}");
  EXPECT_EQ(json_error({{"path", "a.json"}}).message, "cannot read 'a.json': record 3, byte 9: unexpected character");
  write("a.json", "{\"a\": \"caf\xe9\"}\n");
  EXPECT_EQ(json_error({{"path", "a.json"}}).message,
            "cannot read 'a.json': record 1, byte 11: invalid UTF-8 encoding in string");
}

TEST_F(JsonExtractorTest, WhatIsNoObject) {
  write("a.json", "{\"a\": 1}\n[2]\n");
  EXPECT_EQ(json_error({{"path", "a.json"}, {"types", {{"a", "BIGINT"}}}, {"columns", {"a"}}}).message,
            "cannot read 'a.json': line 2: it is no object, and only objects have columns");
}

TEST_F(JsonExtractorTest, ObjectBeyondTheLimit) {
  write("a.json", "{\"a\": \"" + std::string(40'000'000, 'x') + "\"}\n");
  const Error error = json_error({{"path", "a.json"}, {"maximum_object_bytes", 10000}});
  EXPECT_EQ(error.message, "cannot read 'a.json': an object is longer than 10,000 bytes");
  EXPECT_EQ(error.hint, "raise maximum_object_bytes, or see whether a quote or a brace is never closed");
}

TEST_F(JsonExtractorTest, BadRowsAreSkippedCountedAndKept) {
  write("a.json",
        "{\"id\": 1, \"name\": \"a\", \"s\": {\"x\": 1}}\n"
        "{\"id\": \n"
        "\n"
        "[4]\n"
        "{\"id\": \"x\", \"name\": \"e\"}\n"
        "{\"id\": 6.5, \"name\": \"f\"}\n"
        "{\"id\": 7, \"name\": \"g\", \"s\": null}\n");
  extract("filesystem.json_extractor",
          {{"path", "a.json"}, {"on_bad_rows", "skip"}, {"types", {{"id", "BIGINT"}}}, {"filename_column", "file"}});
  EXPECT_EQ(columns(), (Names{"id BIGINT", "name VARCHAR", R"(s STRUCT("x" BIGINT))", "file VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"1", "a", "{'x': 1}", "a.json"}, {"7", "g", std::nullopt, "a.json"}}));
  EXPECT_EQ(read("run/artifacts/step/bad_rows.csv"),
            "file,line,column,reason,text\n"
            "\"a.json\",2,\"\",\"it is no JSON\",\"{\"\"id\"\": \"\n"
            "\"a.json\",4,\"\",\"it is no object\",\"[4]\"\n"
            "\"a.json\",5,\"id\",\"'x' is no BIGINT\",\"{\"\"id\"\": \"\"x\"\", \"\"name\"\": \"\"e\"\"}\"\n"
            "\"a.json\",6,\"id\",\"'6.5' is no BIGINT\",\"{\"\"id\"\": 6.5, \"\"name\"\": \"\"f\"\"}\"\n");
  EXPECT_EQ(metric("rows_skipped"), Json(4));
  EXPECT_EQ(sink().events("bad_rows_skipped").size(), 1U);
}

TEST_F(JsonExtractorTest, SkippingKeepsTheTypesOfGoodRows) {
  write("a.json",
        "{\"i\": 9007199254740993, \"d\": \"2020-01-31\", \"b\": true, \"l\": [1.5], \"m\": 1}\nbad\n"
        "{\"i\": 2, \"d\": \"2020-02-01\", \"m\": \"x\"}\n");
  extract("filesystem.json_extractor", {{"path", "a.json"}, {"on_bad_rows", "skip"}});
  EXPECT_EQ(columns(), (Names{"i BIGINT", "d DATE", "b BOOLEAN", "l DOUBLE[]", "m JSON"}));
  EXPECT_EQ(rows(), (Rows{{"9007199254740993", "2020-01-31", "true", "[1.5]", "1"},
                          {"2", "2020-02-01", std::nullopt, std::nullopt, "\"x\""}}));
}

TEST_F(JsonExtractorTest, TooManyBadRowsFailTheStep) {
  write("a.json", "{\"a\": 1}\nx\ny\n");
  EXPECT_EQ(json_error({{"path", "a.json"}, {"on_bad_rows", "skip"}, {"max_bad_rows", 1}}).message,
            "cannot read 'a.json': there are more than 1 bad rows");
}

TEST_F(JsonExtractorTest, RowsOfAnArrayCannotBeSkipped) {
  write("a.json", " [{\"a\": 1}]");
  const Error error = json_error({{"path", "a.json"}, {"on_bad_rows", "skip"}});
  EXPECT_EQ(error.code, ErrorCode::invalid_config);
  EXPECT_EQ(error.hint, "on_bad_rows: skip needs a file with an object a line");
}

TEST(SchemaOfStructure, NestedTypes) {
  const engine::Schema schema = schema_of_structure(
      R"({"b": "UBIGINT", "a": ["VARCHAR"], "s": {"x": "DOUBLE", "e": {}}, "n": "NULL", "l": []})");
  ASSERT_EQ(schema.size(), 5U);
  EXPECT_EQ(schema[0], (engine::Column{"b", engine::TypeId::bigint}));
  EXPECT_EQ(schema[1].type.to_sql(), "VARCHAR[]");
  EXPECT_EQ(schema[2].type.to_sql(), R"(STRUCT("x" DOUBLE, "e" JSON))");
  EXPECT_EQ(schema[3].type.to_sql(), "JSON");
  EXPECT_EQ(schema[4].type.to_sql(), "JSON");
}

}  // namespace
}  // namespace spillway::drivers::file
