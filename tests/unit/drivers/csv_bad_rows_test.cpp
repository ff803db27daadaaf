#include "drivers/file/csv_bad_rows.hpp"

#include <string>
#include <vector>

#include "support/driver_fixture.hpp"

namespace spillway::drivers::file {
namespace {

using testing::Rows;

class CsvBadRowsTest : public testing::DriverTest {
 protected:
  static Json skipping(Json config) {
    config["on_bad_rows"] = "skip";
    return config;
  }
  void extract_csv(Json config) { extract("filesystem.csv_extractor", skipping(std::move(config))); }
  Error csv_error(Json config) { return error_of("filesystem.csv_extractor", skipping(std::move(config))); }
  std::string bad_rows() const { return read("run/artifacts/step/bad_rows.csv"); }
};

TEST_F(CsvBadRowsTest, BadRowsAreSkippedCountedAndKept) {
  write("a.csv",
        "id,name,day\n"
        "1,a,2020-01-31\n"
        "x,b,2020-01-31\n"
        "3,c\n"
        "4,d,2020-01-31,more\n"
        "5,\"e\"f,2020-01-31\n"
        "6,caf\xe9,2020-01-31\n"
        "7,g,2020-02-30\n"
        "8,h,2020-02-01\n");
  extract_csv({{"path", "a.csv"}, {"types", {{"id", "BIGINT"}, {"day", "DATE"}}}});
  EXPECT_EQ(rows(), (Rows{{"1", "a", "2020-01-31"}, {"8", "h", "2020-02-01"}}));
  EXPECT_EQ(bad_rows(),
            "file,line,column,reason,text\n"
            "\"a.csv\",3,\"id\",\"'x' is no BIGINT\",\"x,b,2020-01-31\"\n"
            "\"a.csv\",4,\"day\",\"2 fields instead of 3\",\"3,c\"\n"
            "\"a.csv\",5,\"\",\"4 fields instead of 3\",\"4,d,2020-01-31,more\"\n"
            "\"a.csv\",6,\"name\",\"a quote is not closed, or closed too early\",\"5,\"\"e\"\"f,2020-01-31\"\n"
            "\"a.csv\",7,\"name\",\"it is not utf-8\",\"6,caf??2020-01-31\"\n"
            "\"a.csv\",8,\"day\",\"'2020-02-30' is no DATE\",\"7,g,2020-02-30\"\n");
  EXPECT_EQ(sink().events("bad_rows_skipped"),
            (std::vector<Json>{{{"step_id", "step"}, {"rows", 6}, {"path", "artifacts/step/bad_rows.csv"}}}));
  EXPECT_EQ(sink().events("artifact_created"), (std::vector<Json>{{{"step_id", "step"},
                                                                   {"artifact_type", "bad_rows"},
                                                                   {"path", "artifacts/step/bad_rows.csv"},
                                                                   {"size_bytes", bad_rows().size()}}}));
  EXPECT_EQ(metric("rows_skipped"), Json(6));
}

TEST_F(CsvBadRowsTest, WithoutBadRowsThereIsNoArtifact) {
  write("a.csv", "id\n1\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(metric("rows_skipped"), Json(0));
  EXPECT_TRUE(files_below("run/artifacts/step").empty());
  EXPECT_TRUE(sink().events("bad_rows_skipped").empty());
}

/// Rows that the engine would take, with their values changed.
TEST_F(CsvBadRowsTest, ValuesThatWouldBeChangedMakeBadRows) {
  write("a.csv",
        "a,b,c,d,e\n"
        "1,2020-01-31,2020-01-31 12:00:00,2020-01-31 12:00:00Z,1.25\n"
        "2.5,2020-01-31,2020-01-31 12:00:00,2020-01-31 12:00:00Z,1.25\n"
        "3,2020-01-31 12:00:00,2020-01-31 12:00:00,2020-01-31 12:00:00Z,1.25\n"
        "bad\n"
        "4,2020-01-31,2020-01-31 12:00:00+02,2020-01-31 12:00:00Z,1.25\n"
        "5,2020-01-31,2020-01-31 12:00:00,N/A,1.25\n"
        "6,2020-01-31,2020-01-31 12:00:00,2020-01-31 12:00:00Z,1.255\n"
        "7,,,,\n");
  extract_csv(
      {{"path", "a.csv"},
       {"types", {{"a", "BIGINT"}, {"b", "DATE"}, {"c", "TIMESTAMP"}, {"d", "TIMESTAMPTZ"}, {"e", "DECIMAL(5,2)"}}}});
  EXPECT_EQ(count("SELECT sum(a) FROM frame"), 8U);
  EXPECT_EQ(
      bad_rows(),
      "file,line,column,reason,text\n"
      "\"a.csv\",3,\"a\",\"'2.5' is no BIGINT\",\"2.5,2020-01-31,2020-01-31 12:00:00,2020-01-31 "
      "12:00:00Z,1.25\"\n"
      "\"a.csv\",4,\"b\",\"'2020-01-31 12:00:00' is no DATE\",\"3,2020-01-31 12:00:00,2020-01-31 "
      "12:00:00,2020-01-31 12:00:00Z,1.25\"\n"
      "\"a.csv\",5,\"b\",\"1 field instead of 5\",\"bad\"\n"
      "\"a.csv\",6,\"c\",\"'2020-01-31 12:00:00+02' is no TIMESTAMP\",\"4,2020-01-31,2020-01-31 "
      "12:00:00+02,2020-01-31 12:00:00Z,1.25\"\n"
      "\"a.csv\",7,\"d\",\"'N/A' is no TIMESTAMP WITH TIME ZONE\",\"5,2020-01-31,2020-01-31 12:00:00,N/A,1.25\"\n"
      "\"a.csv\",8,\"e\",\"'1.255' is no DECIMAL(5,2)\",\"6,2020-01-31,2020-01-31 12:00:00,2020-01-31 "
      "12:00:00Z,1.255\"\n");
}

TEST_F(CsvBadRowsTest, SeveralFiles) {
  write("1.csv", "a,b\n1,x\ny,x\n");
  write("2.csv", "a,b\n9\n2,x\n");
  extract_csv({{"path", "?.csv"}, {"types", {{"a", "INTEGER"}}}});
  EXPECT_EQ(rows(), (Rows{{"1", "x"}, {"2", "x"}}));
  EXPECT_EQ(bad_rows(),
            "file,line,column,reason,text\n"
            "\"1.csv\",3,\"a\",\"'y' is no INTEGER\",\"y,x\"\n"
            "\"2.csv\",2,\"b\",\"1 field instead of 2\",\"9\"\n");
}

TEST_F(CsvBadRowsTest, TooManyBadRowsFailTheStep) {
  write("a.csv", "a\n1\nx\ny\nz\n");
  const Error error = csv_error({{"path", "a.csv"}, {"types", {{"a", "BIGINT"}}}, {"max_bad_rows", 2}});
  EXPECT_EQ(error.code, ErrorCode::bad_data);
  EXPECT_EQ(error.message, "cannot read 'a.csv': there are more than 2 bad rows");
  EXPECT_EQ(error.hint, "the first is line 3: 'x' is no BIGINT; max_bad_rows says how many are too many");
}

/// What a large file loses without a word when the engine alone keeps the account.
class CsvBadRowsOfLargeFile : public CsvBadRowsTest {
 protected:
  static constexpr int k_rows = 150'000;

  /// Long lines: several of the engine's buffers with few rows.
  CsvBadRowsOfLargeFile() : m_good_rest("," + std::string(500, 'x') + ",1\n") {}

  void write_large(int first_bad, int last_bad, const std::string& bad_rest) {
    std::string text = "a,b,c\n";
    for (int row = 0; row < k_rows; ++row) {
      const bool is_bad = row >= first_bad && row <= last_bad;
      text += std::to_string(row) + (is_bad ? bad_rest : m_good_rest);
    }
    write("a.csv", text);
  }

  std::string m_good_rest;
};

TEST_F(CsvBadRowsOfLargeFile, RowsAndBadRowsAddUp) {
  write_large(140'000, k_rows, ",too few\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(count("SELECT count(*) FROM frame"), 140'000U);
  EXPECT_EQ(metric("rows_skipped"), Json(10'000));
}

TEST_F(CsvBadRowsOfLargeFile, AQuoteThatSwallowsRowsFailsTheStep) {
  write_large(100'000, 100'000, ",\"x,1\n");
  EXPECT_EQ(csv_error({{"path", "a.csv"}}).message,
            "cannot read 'a.csv': a quote that opens in line 100002 is not closed on it, and rows behind it would be "
            "lost");
}

TEST_F(CsvBadRowsOfLargeFile, AQuoteThatIsOpenAtTheEndIsKept) {
  write_large(k_rows - 2, k_rows - 2, ",\"x,1\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(count("SELECT count(*) FROM frame"), static_cast<std::uint64_t>(k_rows - 2));
  EXPECT_EQ(bad_rows(),
            "file,line,column,reason,text\n"
            "\"a.csv\",150000,\"b\",\"a quote is not closed, or closed too early\",\"149998,\"\"x,1\n149999" +
                m_good_rest.substr(0, m_good_rest.size() - 1) + "\"\n")
      << "both lines are in the text";
}

}  // namespace
}  // namespace spillway::drivers::file
