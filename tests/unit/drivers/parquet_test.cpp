#include <string>
#include <vector>

#include "support/all_types.hpp"
#include "support/driver_fixture.hpp"

namespace spillway::drivers::file {
namespace {

using testing::Rows;
using Names = std::vector<std::string>;

/// filesystem.parquet_extractor and filesystem.parquet_writer.
class ParquetTest : public testing::DriverTest {
 protected:
  void extract_parquet(Json config, const std::string& frame = "frame") {
    extract("filesystem.parquet_extractor", std::move(config), frame);
  }
  Error parquet_error(Json config) { return error_of("filesystem.parquet_extractor", std::move(config)); }
  void write_parquet(Json config) { run("filesystem.parquet_writer", std::move(config), {{"df", "frame"}}); }
};

TEST_F(ParquetTest, ColumnsFilenameAndLimit) {
  copy("SELECT range AS a, 'x' AS b, 0.5 AS c FROM range(3)", "a.parquet", "FORMAT parquet");
  extract_parquet({{"path", "a.parquet"}, {"columns", {"c", "a"}}, {"filename_column", "file"}, {"limit", 2}});
  EXPECT_EQ(columns(), (Names{"c DECIMAL(2,1)", "a BIGINT", "file VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"0.5", "0", "a.parquet"}, {"0.5", "1", "a.parquet"}}));
  const Error error = parquet_error({{"path", "a.parquet"}, {"columns", {"z"}}});
  EXPECT_EQ(error.message, "cannot find column 'z' in 'a.parquet'");
  EXPECT_EQ(error.hint, "the columns are: a, b, c");
  EXPECT_EQ(parquet_error({{"path", "a.parquet"}, {"filename_column", "b"}}).code, ErrorCode::invalid_config);
}

TEST_F(ParquetTest, FilesMustHaveTheSameColumns) {
  copy("SELECT 1 AS a, 'x' AS b", "1.parquet", "FORMAT parquet");
  copy("SELECT 'y' AS b, 2 AS a", "2.parquet", "FORMAT parquet");
  extract_parquet({{"path", "?.parquet"}});
  EXPECT_EQ(rows(), (Rows{{"1", "x"}, {"2", "y"}})) << "columns are matched by name";

  copy("SELECT 2 AS a", "2.parquet", "FORMAT parquet");
  const Error error = parquet_error({{"path", "?.parquet"}});
  EXPECT_EQ(error.message, "cannot read '2.parquet' together with '1.parquet': it lacks column 'b'");
  EXPECT_EQ(error.hint, "union_by_name: true combines files of different columns");
  copy("SELECT 2 AS a, 'y' AS b, 3 AS c", "2.parquet", "FORMAT parquet");
  EXPECT_EQ(parquet_error({{"path", "?.parquet"}}).message,
            "cannot read '2.parquet' together with '1.parquet': it has a column 'c' more");
  copy("SELECT 2.5 AS a, 'y' AS b", "2.parquet", "FORMAT parquet");
  EXPECT_EQ(parquet_error({{"path", "?.parquet"}}).message,
            "cannot read '2.parquet' together with '1.parquet': its column 'a' is DECIMAL(2,1), not INTEGER");
}

TEST_F(ParquetTest, UnionByNameCombinesColumnsAndWidensTypes) {
  copy("SELECT 1 AS a, 'x' AS b", "1.parquet", "FORMAT parquet");
  copy("SELECT 2.5::DOUBLE AS a, 3 AS c", "2.parquet", "FORMAT parquet");
  extract_parquet({{"path", "?.parquet"}, {"union_by_name", true}, {"filename_column", "file"}});
  EXPECT_EQ(columns(), (Names{"a DOUBLE", "b VARCHAR", "c INTEGER", "file VARCHAR"}));
  EXPECT_EQ(rows(), (Rows{{"1.0", "x", std::nullopt, "1.parquet"}, {"2.5", std::nullopt, "3", "2.parquet"}}));
}

TEST_F(ParquetTest, HivePartitionsOnRequest) {
  std::filesystem::create_directories(at("year=2024"));
  copy("SELECT 1 AS a", "year=2024/a.parquet", "FORMAT parquet");
  extract_parquet({{"path", "year=*/*.parquet"}});
  EXPECT_EQ(columns(), (Names{"a INTEGER"}));
  extract_parquet({{"path", "year=*/*.parquet"}, {"hive_partitions", true}});
  EXPECT_EQ(columns(), (Names{"a INTEGER", "year BIGINT"}));
}

TEST_F(ParquetTest, WhatIsNoParquetOrOnlyAPart) {
  copy("SELECT range AS a, 'x' || range AS b FROM range(100000)", "a.parquet", "FORMAT parquet");
  const std::string whole = read("a.parquet");
  for (const std::string& bytes :
       {whole.substr(0, whole.size() / 2), std::string("PAR1"), std::string("a,b\n1,2\n")}) {
    write("cut.parquet", bytes);
    const Error error = parquet_error({{"path", "cut.parquet"}});
    EXPECT_EQ(error.code, ErrorCode::bad_data);
    EXPECT_EQ(error.message, "cannot read 'cut.parquet': it does not end as a Parquet file does");
    EXPECT_EQ(error.hint, "it is another kind of file, or was copied only in part");
  }
  EXPECT_EQ(parquet_error({{"path", {"a.parquet", "cut.parquet"}}}).message,
            "cannot read 'cut.parquet': it does not end as a Parquet file does");
  std::string damaged = whole;
  damaged.replace(1000, 2000, std::string(2000, '\xff'));
  write("damaged.parquet", damaged);
  const Error error = parquet_error({{"path", "damaged.parquet"}});
  EXPECT_EQ(error.code, ErrorCode::bad_data);
  EXPECT_EQ(error.message, "cannot read 'damaged.parquet': Snappy decompression failure");
}

TEST_F(ParquetTest, TypesThatParquetLacksAreWrittenAsWhatKeepsTheirValues) {
  make_frame(
      "SELECT sum(range) AS h, [1::HUGEINT] AS l, {'a': INTERVAL '1 month -2 days 3 microseconds'} AS s, "
      "TIMETZ '10:00:00+02' AS t, union_value(k := 1) AS u FROM range(5)");
  write_parquet({{"path", "a.parquet"}});
  extract_parquet({{"path", "a.parquet"}}, "back");
  EXPECT_EQ(columns("back"),
            (Names{"h DECIMAL(38,0)", "l DECIMAL(38,0)[]", "s STRUCT(\"a\" VARCHAR)", "t VARCHAR", "u VARCHAR"}));
  EXPECT_EQ(rows("back"), (Rows{{"10", "[1]", "{'a': '1 month -2 days 00:00:00.000003'}", "10:00:00+02", "1"}}));
  make_frame("SELECT '170141183460469231731687303715884105727'::HUGEINT AS h");
  EXPECT_NE(error_of("filesystem.parquet_writer", {{"path", "b.parquet"}}, {{"df", "frame"}}).message.find("DECIMAL"),
            std::string::npos)
      << "more than 38 digits are refused, not rounded";
}

/// Every type that a frame can have, with extremes, NULLs and nested values; apart from integers of more than 38
/// digits and endless TIMESTAMP_S, which are refused.
TEST_F(ParquetTest, RoundTrip) {
  make_frame("SELECT * EXCLUDE (c_hugeint, c_uhugeint, c_timestamp_s, c_list_union) FROM (" +
             testing::all_types_sql() + ")");
  write_parquet({{"path", "a.parquet"}});
  extract_parquet({{"path", "a.parquet"}}, "back");
  const Rows before = rows("frame");
  const Rows after = rows("back");
  ASSERT_EQ(before.size(), after.size());
  const std::vector<std::string> names = columns("frame");
  for (std::size_t row = 0; row < before.size(); ++row) {
    for (std::size_t column = 0; column < names.size(); ++column) {
      EXPECT_EQ(after[row][column], before[row][column]) << names[column];
    }
  }
}

TEST_F(ParquetTest, CompressionAndRowGroups) {
  make_frame("SELECT range AS a FROM range(10000)");
  for (const std::string name : {"zstd", "snappy", "gzip", "lz4", "none"}) {
    write_parquet({{"path", "a.parquet"}, {"compression", name}, {"row_group_rows", 4096}});
    extract_parquet({{"path", "a.parquet"}}, "back");
    EXPECT_EQ(count("SELECT sum(a) FROM back"), 49995000U);
    EXPECT_EQ(count("SELECT count(DISTINCT row_group_id) FROM parquet_metadata('" + at("a.parquet").string() + "')"),
              3U);
  }
}

TEST_F(ParquetTest, TwoThousandColumnsAndNoRows) {
  std::string items;
  for (int i = 0; i < 2000; ++i) items += (i == 0 ? "1 AS c" : ", 1 AS c") + std::to_string(i);
  make_frame("SELECT " + items + " WHERE false");
  write_parquet({{"path", "a.parquet"}});
  extract_parquet({{"path", "a.parquet"}}, "back");
  EXPECT_EQ(columns("back").size(), 2000U);
  EXPECT_EQ(rows("back"), Rows{});
}

}  // namespace
}  // namespace spillway::drivers::file
