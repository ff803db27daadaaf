#include "drivers/file/csv_extractor.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "support/driver_fixture.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using testing::Rows;
using Names = std::vector<std::string>;

/// Options of filesystem.csv_extractor, one by one.
class CsvExtractorTest : public testing::DriverTest {
 protected:
  void extract_csv(Json config) { extract("filesystem.csv_extractor", std::move(config)); }
  Error csv_error(Json config) { return error_of("filesystem.csv_extractor", std::move(config)); }
};

TEST_F(CsvExtractorTest, ReadsAFileWithAHeader) {
  write("a.csv", "id,name,price,day\n1,x,1.10,2020-01-31\n2,,2.5,2020-02-01\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(), (Names{"id BIGINT", "name VARCHAR", "price DOUBLE", "day DATE"}));
  EXPECT_EQ(rows(), (Rows{{"1", "x", "1.1", "2020-01-31"}, {"2", std::nullopt, "2.5", "2020-02-01"}}));
}

TEST_F(CsvExtractorTest, AHeaderAloneMakesAFrameWithoutRows) {
  write("a.csv", "id,name\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(), (Names{"id VARCHAR", "name VARCHAR"}));
  EXPECT_EQ(rows(), Rows{});
  write("b.csv", "id,name");
  extract_csv({{"path", "b.csv"}, {"types", {{"id", "BIGINT"}}}});
  EXPECT_EQ(columns(), (Names{"id BIGINT", "name VARCHAR"}));
}

TEST_F(CsvExtractorTest, WithoutAHeaderColumnsAreNumbered) {
  write("a.csv", "1,x\n2,y\n");
  extract_csv({{"path", "a.csv"}, {"header", false}});
  EXPECT_EQ(columns(), (Names{"column0 BIGINT", "column1 VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"1", "x"}, {"2", "y"}}));
}

TEST_F(CsvExtractorTest, NamesOfColumnsAreKeptWhateverTheyAre) {
  write("a.csv", "\"a \"\"b\"\"\", c d ,ünï,select,\"x,y\",\"l\nm\"\n1,2,3,4,5,6\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(),
            (Names{"a \"b\" BIGINT", "c d BIGINT", "ünï BIGINT", "select BIGINT", "x,y BIGINT", "l\nm BIGINT"}));
  EXPECT_EQ(rows(), (Rows{{"1", "2", "3", "4", "5", "6"}}));
}

TEST_F(CsvExtractorTest, EqualAndEmptyNamesBecomeUnique) {
  write("a.csv", "a,A,,a,\n1,2,3,4,5\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(), (Names{"a BIGINT", "A_1 BIGINT", "column2 BIGINT", "a_2 BIGINT", "column4 BIGINT"}));
}

TEST_F(CsvExtractorTest, LinesMayEndAsOnAnySystem) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    write("a.csv", "a,b" + end + "1,x" + end + "2,\"y" + end + "z\"" + end);
    extract_csv({{"path", "a.csv"}});
    EXPECT_EQ(rows(), (Rows{{"1", "x"}, {"2", "y" + end + "z"}}));
  }
}

TEST_F(CsvExtractorTest, ByteOrderMarkAndBlankLinesInFrontAreNoData) {
  write("a.csv", "\xEF\xBB\xBF\"a\",b\n1,x\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(), (Names{"a BIGINT", "b VARCHAR"}));
  write("b.csv", "\r\n\r\na,b\r\n1,x\r\n\r\n");
  extract_csv({{"path", "b.csv"}});
  EXPECT_EQ(columns(), (Names{"a BIGINT", "b VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"1", "x"}}));
}

TEST_F(CsvExtractorTest, DelimiterQuoteAndEscape) {
  write("a.csv", "a\tb\n'x\ty'\t'it\\'s'\n");
  extract_csv({{"path", "a.csv"}, {"delimiter", "\t"}, {"quote", "'"}, {"escape", "\\"}});
  EXPECT_EQ(rows(), (Rows{{"x\ty", "it's"}}));
  write("b.csv", "a§b\n1§\"x§\"\"y\"\n");
  extract_csv({{"path", "b.csv"}, {"delimiter", "§"}});
  EXPECT_EQ(rows(), (Rows{{"1", "x§\"y"}}));
}

TEST_F(CsvExtractorTest, SkipRowsPassesOverLinesInFrontOfTheHeader) {
  write("a.csv", "made by, \"some\nprogram\"\n\nno,data\na,b\n1,x\n");
  extract_csv({{"path", "a.csv"}, {"skip_rows", 3}});
  EXPECT_EQ(columns(), (Names{"a BIGINT", "b VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"1", "x"}}));
}

TEST_F(CsvExtractorTest, EmptyFieldsAreNullAndQuotedOnesAreTexts) {
  write("a.csv", "id,text\n1,\n2,\"\"\n,NULL\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(rows(), (Rows{{"1", std::nullopt}, {"2", ""}, {std::nullopt, "NULL"}}));
}

TEST_F(CsvExtractorTest, NullValues) {
  write("a.csv", "id,text\n1,\nn/a,\"NULL\"\n3,NULL\n");
  extract_csv({{"path", "a.csv"}, {"null_values", {"n/a", "NULL"}}});
  EXPECT_EQ(columns(), (Names{"id BIGINT", "text VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"1", ""}, {std::nullopt, "NULL"}, {"3", std::nullopt}})) << "a quoted NULL is a text";
  extract_csv({{"path", "a.csv"}, {"null_values", "n/a"}});
  EXPECT_EQ(rows()[2], (testing::Row{"3", "NULL"}));
}

TEST_F(CsvExtractorTest, WhereEverythingIsQuotedAnEmptyTextIsNullUnlessTheColumnIsText) {
  write("a.csv",
        "\"id\",\"price\",\"day\",\"ok\",\"name\"\n\"1\",\"\",\"2020-01-31\",\"\",\"x\"\n"
        "\"\",\"2.5\",\"\",\"true\",\"\"\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(), (Names{"id BIGINT", "price DOUBLE", "day DATE", "ok BOOLEAN", "name VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"1", std::nullopt, "2020-01-31", std::nullopt, "x"},
                          {std::nullopt, "2.5", std::nullopt, "true", ""}}));
  extract_csv({{"path", "a.csv"},
               {"types", {{"id", "INTEGER"}, {"price", "DECIMAL(5,2)"}, {"day", "TIMESTAMP"}, {"ok", "BOOLEAN"}}}});
  EXPECT_EQ(columns(), (Names{"id INTEGER", "price DECIMAL(5,2)", "day TIMESTAMP", "ok BOOLEAN", "name VARCHAR"}));
  EXPECT_EQ(rows()[1], (testing::Row{std::nullopt, "2.50", std::nullopt, "true", ""}));
}

TEST_F(CsvExtractorTest, ColumnsAreKeptInTheOrderAskedFor) {
  write("a.csv", "a,b,c\n1,x,2.5\n");
  extract_csv({{"path", "a.csv"}, {"columns", {"c", "a"}}});
  EXPECT_EQ(columns(), (Names{"c DOUBLE", "a BIGINT"}));
  EXPECT_EQ(rows(), (Rows{{"2.5", "1"}}));
}

TEST_F(CsvExtractorTest, AnUnknownColumnIsAnErrorWithTheOnesThatThereAre) {
  write("a.csv", "id,price,name\n1,2,x\n");
  const Error error = csv_error({{"path", "a.csv"}, {"columns", {"id", "prise"}}});
  EXPECT_EQ(error.code, ErrorCode::invalid_config);
  EXPECT_EQ(error.message, "cannot find column 'prise' in 'a.csv'");
  EXPECT_EQ(error.hint, "did you mean 'price'? the columns are: id, price, name");
  EXPECT_EQ(csv_error({{"path", "a.csv"}, {"types", {{"nmae", "VARCHAR"}}}}).message,
            "cannot find column 'nmae' in 'a.csv'");
}

TEST_F(CsvExtractorTest, DeclaredTypes) {
  write("a.csv", "id,zip,price,at,flag\n7,01234,1.10,2020-01-31 12:00:00,1\n");
  extract_csv({{"path", "a.csv"},
               {"types",
                {{"id", "UTINYINT"},
                 {"zip", "INTEGER"},
                 {"price", "DECIMAL(18,4)"},
                 {"at", "TIMESTAMP_MS"},
                 {"flag", "BOOLEAN"}}}});
  EXPECT_EQ(columns(),
            (Names{"id UTINYINT", "zip INTEGER", "price DECIMAL(18,4)", "at TIMESTAMP_MS", "flag BOOLEAN"}));
  EXPECT_EQ(rows(), (Rows{{"7", "1234", "1.1000", "2020-01-31 12:00:00", "true"}}));
}

TEST_F(CsvExtractorTest, DeclaredTypesOfAllKinds) {
  write("a.csv",
        "u,l,s,b,i,t,z\n6FA459EA-ee8a-3ca4-894e-db77e160355e,\"[1, 2]\",\"{'x': 1}\",\\xFF,3 days,"
        "12:00:00+02,2020-01-31 12:00:00+02\n");
  extract_csv({{"path", "a.csv"},
               {"types",
                {{"u", "UUID"},
                 {"l", "INTEGER[]"},
                 {"s", "STRUCT(x INTEGER)"},
                 {"b", "BLOB"},
                 {"i", "INTERVAL"},
                 {"t", "TIMETZ"},
                 {"z", "TIMESTAMPTZ"}}}});
  EXPECT_EQ(rows(), (Rows{{"6fa459ea-ee8a-3ca4-894e-db77e160355e", "[1, 2]", "{'x': 1}", "\\xFF", "3 days",
                           "12:00:00+02", "2020-01-31 10:00:00+00"}}));
}

TEST_F(CsvExtractorTest, ATextThatIsNoTypeIsAnErrorThatNamesTheColumn) {
  write("a.csv", "id,price\n1,2\n");
  const Error error = csv_error({{"path", "a.csv"}, {"types", {{"id", "BIGINT"}, {"price", "MONEY"}}}});
  EXPECT_EQ(error.code, ErrorCode::invalid_config);
  EXPECT_EQ(error.message, "cannot use type 'MONEY' for column 'price': Type with name MONEY does not exist!");
  EXPECT_EQ(csv_error({{"path", "a.csv"}, {"types", {{"price", "DECIMAL(40,2)"}}}}).message,
            "cannot use type 'DECIMAL(40,2)' for column 'price': DECIMAL type width must be between 1 and 38");
  EXPECT_EQ(csv_error({{"path", "a.csv"}, {"types", {{"price", "INTEGER'}); DROP TABLE x; --"}}}}).code,
            ErrorCode::invalid_config);
}

TEST_F(CsvExtractorTest, InferTypesFalseLeavesTexts) {
  write("a.csv", "id,price\n1,2.50\n");
  extract_csv({{"path", "a.csv"}, {"infer_types", false}, {"types", {{"id", "INTEGER"}}}});
  EXPECT_EQ(columns(), (Names{"id INTEGER", "price VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"1", "2.50"}}));
}

TEST_F(CsvExtractorTest, DateAndTimestampFormats) {
  write("a.csv", "day,at,iso,zoned\n31.12.2020,31.12.2020 23:59,2020-01-31,x\n,01.01.2021 00:00,2020-02-01,y\n");
  extract_csv({{"path", "a.csv"}, {"date_format", "%d.%m.%Y"}, {"timestamp_format", "%d.%m.%Y %H:%M"}});
  EXPECT_EQ(columns(), (Names{"day DATE", "at TIMESTAMP", "iso DATE", "zoned VARCHAR"}));
  EXPECT_EQ(rows()[0], (testing::Row{"2020-12-31", "2020-12-31 23:59:00", "2020-01-31", "x"}));
  write("b.csv", "at\n31.12.2020 23:59+0200\n");
  extract_csv({{"path", "b.csv"}, {"timestamp_format", "%d.%m.%Y %H:%M%z"}});
  EXPECT_EQ(columns(), (Names{"at TIMESTAMP WITH TIME ZONE"}));
  EXPECT_EQ(rows(), (Rows{{"2020-12-31 21:59:00+00"}}));
  extract_csv({{"path", "a.csv"}, {"date_format", "%d.%m.%Y"}, {"columns", {"day"}}, {"types", {{"day", "DATE"}}}});
  EXPECT_EQ(rows(), (Rows{{"2020-12-31"}, {std::nullopt}}));
}

TEST_F(CsvExtractorTest, DecimalSeparator) {
  write("a.csv", "a;b;c\n1,50;2;1.234\n-0,25;3;2.345\n");
  extract_csv({{"path", "a.csv"}, {"delimiter", ";"}, {"decimal_separator", ","}});
  EXPECT_EQ(columns(), (Names{"a DOUBLE", "b BIGINT", "c VARCHAR"})) << "1.234 may be more than a thousand";
  EXPECT_EQ(rows()[0], (testing::Row{"1.5", "2", "1.234"}));
  extract_csv({{"path", "a.csv"},
               {"delimiter", ";"},
               {"decimal_separator", ","},
               {"columns", {"a"}},
               {"types", {{"a", "DECIMAL(5,2)"}}}});
  EXPECT_EQ(rows(), (Rows{{"1.50"}, {"-0.25"}}));
}

TEST_F(CsvExtractorTest, Encodings) {
  write("latin.csv", "a,b\n1,caf\xe9\n");
  extract_csv({{"path", "latin.csv"}, {"encoding", "latin-1"}});
  EXPECT_EQ(rows(), (Rows{{"1", "café"}}));
  write("utf16.csv", std::string("\xff\xfe"
                                 "a\0,\0b\0\n\0001\0,\0\xe9\0\n\0",
                                 18));
  extract_csv({{"path", "utf16.csv"}, {"encoding", "utf-16"}});
  EXPECT_EQ(columns(), (Names{"a BIGINT", "b VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"1", "é"}}));
}

TEST_F(CsvExtractorTest, BigEndianUtf16IsRefusedRatherThanReadAsNothing) {
  for (const std::string& mark : {std::string("\xfe\xff"), std::string()}) {
    write("a.csv", mark + std::string("\0a\0\n\0001\0\n", 8));
    const Error error = csv_error({{"path", "a.csv"}, {"encoding", "utf-16"}});
    EXPECT_EQ(error.message, "cannot read 'a.csv': it is big-endian UTF-16");
    EXPECT_EQ(error.hint, "convert it: iconv -f UTF-16BE -t UTF-8 a.csv > utf8.csv");
  }
}

TEST_F(CsvExtractorTest, CompressedFilesAreKnownByTheirNames) {
  copy("SELECT 1 AS a, 'x' AS b", "a.csv.gz", "FORMAT csv, COMPRESSION gzip");
  copy("SELECT 2 AS a, 'y' AS b", "b.csv.zst", "FORMAT csv, COMPRESSION zstd");
  extract_csv({{"path", {"a.csv.gz", "b.csv.zst"}}});
  EXPECT_EQ(rows(), (Rows{{"1", "x"}, {"2", "y"}}));
  std::filesystem::rename(at("a.csv.gz"), at("packed"));
  extract_csv({{"path", "packed"}, {"compression", "gzip"}});
  EXPECT_EQ(rows(), (Rows{{"1", "x"}}));
}

TEST_F(CsvExtractorTest, GlobsAndListsNameFilesInTheirOrderAndEachOnce) {
  write("d/2.csv", "a\n2\n");
  write("d/1.csv", "a\n1\n");
  write("d/sub/3.csv", "a\n3\n");
  extract_csv({{"path", "d/*.csv"}});
  EXPECT_EQ(rows(), (Rows{{"1"}, {"2"}}));
  extract_csv({{"path", {"d/2.csv", "d/**/*.csv"}}});
  EXPECT_EQ(rows(), (Rows{{"2"}, {"1"}, {"3"}}));
}

TEST_F(CsvExtractorTest, AFileMayBeNamedLikeAPattern) {
  write("data[1].csv", "a\n1\n");
  extract_csv({{"path", "data[1].csv"}});
  EXPECT_EQ(rows(), (Rows{{"1"}}));
}

TEST_F(CsvExtractorTest, FilesOfOneStepMustHaveTheSameColumns) {
  write("a.csv", "a,b\n1,2\n");
  write("b.csv", "b,a\n1,2\n");
  Error error = csv_error({{"path", {"a.csv", "b.csv"}}});
  EXPECT_EQ(error.message, "cannot read 'b.csv' together with 'a.csv': its column 1 is 'b', not 'a'");
  EXPECT_EQ(error.hint, "union_by_name: true combines files of different columns");
  write("b.csv", "a\n1\n");
  error = csv_error({{"path", {"a.csv", "b.csv"}}});
  EXPECT_EQ(error.message, "cannot read 'b.csv' together with 'a.csv': it has 1 columns, not 2");
}

TEST_F(CsvExtractorTest, UnionByNameFillsWhatAFileLacks) {
  write("a.csv", "a,b\n1,x\n");
  write("b.csv", "c,a\n2.5,2\n");
  extract_csv({{"path", {"a.csv", "b.csv"}}, {"union_by_name", true}});
  EXPECT_EQ(columns(), (Names{"a BIGINT", "b VARCHAR", "c DOUBLE"}));
  EXPECT_EQ(rows(), (Rows{{"1", "x", std::nullopt}, {"2", std::nullopt, "2.5"}}));
}

TEST_F(CsvExtractorTest, ColumnsOfSeveralFilesThatDifferInCaseOnly) {
  write("a.csv", "id,a\n1,x\n");
  write("b.csv", "ID,b\n2,x\n");
  EXPECT_EQ(csv_error({{"path", {"a.csv", "b.csv"}}, {"union_by_name", true}}).message,
            "cannot read 'b.csv' together with 'a.csv': its column 'ID' differs from 'id' in case only");
}

TEST_F(CsvExtractorTest, TypesHoldForAllFiles) {
  write("a.csv", "a\n1\n");
  write("b.csv", "a\n2.5\n");
  write("c.csv", "a\n\n");
  extract_csv({{"path", "?.csv"}});
  EXPECT_EQ(columns(), (Names{"a DOUBLE"}));
}

TEST_F(CsvExtractorTest, FilenameColumnNamesTheFileAsThePipelineDoes) {
  write("d/1.csv", "a\n1\n");
  write("d/2.csv", "a\n2\n");
  extract_csv({{"path", "d/*.csv"}, {"filename_column", "file"}});
  EXPECT_EQ(columns(), (Names{"a BIGINT", "file VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"1", "d/1.csv"}, {"2", "d/2.csv"}}));
  EXPECT_EQ(csv_error({{"path", "d/*.csv"}, {"filename_column", "A"}}).message,
            "cannot add filename_column 'A': 'd/1.csv' and 1 more file already has a column of this name");
}

TEST_F(CsvExtractorTest, AFolderLikeAPartitionAddsNoColumn) {
  write("year=2024/a.csv", "a\n1\n");
  extract_csv({{"path", "year=2024/a.csv"}});
  EXPECT_EQ(columns(), (Names{"a BIGINT"}));
}

TEST_F(CsvExtractorTest, Limit) {
  write("a.csv", "a\n1\n2\n3\n");
  extract_csv({{"path", "a.csv"}, {"limit", 2}});
  EXPECT_EQ(rows(), (Rows{{"1"}, {"2"}}));
  extract_csv({{"path", {"a.csv"}}, {"limit", 0}});
  EXPECT_EQ(rows(), Rows{});
}

TEST_F(CsvExtractorTest, TwoThousandColumns) {
  Names header;
  Names values;
  for (int i = 0; i < 2000; ++i) {
    header.push_back(fmt::format("c{}", i));
    values.push_back(std::to_string(i));
  }
  write("a.csv", join(header, ",") + "\n" + join(values, ",") + "\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns().size(), 2000U);
  EXPECT_EQ(rows()[0][1999], "1999");
}

TEST_F(CsvExtractorTest, LongFieldsAndTheirLineBreaks) {
  const std::string text(5'000'000, 'x');
  write("a.csv", "a,b\n1,\"" + text + "\n" + text + "\"\n2,y\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(rows()[0][1]->size(), 2 * text.size() + 1);
  EXPECT_EQ(rows()[1][1], "y");
}

/// The order of the rows is the file's, also where several threads read it.
TEST_F(CsvExtractorTest, OrderOfALargeFileIsKept) {
  copy("SELECT range AS a, 'text ' || range AS b FROM range(300000)", "a.csv", "FORMAT csv");
  extract_csv({{"path", {"a.csv"}}});
  EXPECT_EQ(count("SELECT count(*) FROM (SELECT a, row_number() OVER () - 1 AS row FROM frame) WHERE a <> row"), 0U);
  EXPECT_EQ(count("SELECT count(*) FROM frame"), 300000U);
}

}  // namespace
}  // namespace spillway::drivers::file
