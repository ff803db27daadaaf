#include <string>
#include <vector>

#include "support/driver_fixture.hpp"

namespace spillway::drivers::file {
namespace {

using testing::Rows;
using Names = std::vector<std::string>;

/// No value of a CSV file changes on its way into a frame: neither one that the sample saw, nor one behind it.
class CsvTypesTest : public testing::DriverTest {
 protected:
  void extract_csv(Json config) { extract("filesystem.csv_extractor", std::move(config)); }
  Error csv_error(Json config) { return error_of("filesystem.csv_extractor", std::move(config)); }

  /// A file with the column `a`: two rows that the sample sees, and one behind it.
  Error error_behind_sample(const std::string& seen, const std::string& unseen) {
    write("a.csv", "a,b\n" + seen + ",x\n" + seen + ",x\n" + unseen + ",x\n");
    return csv_error({{"path", "a.csv"}, {"sample_rows", 2}});
  }
  Error error_of_declared(const std::string& type, const std::string& value) {
    write("a.csv", "a,b\n" + value + ",x\n");
    return csv_error({{"path", "a.csv"}, {"types", {{"a", type}}}});
  }
};

TEST_F(CsvTypesTest, LessonDigitsOnlyTextIsNotInferredAsInteger) {
  write("a.csv", "zip,phone,article\n01234,+4930123,12E3\n23456,+1800,14E5\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(rows(), (Rows{{"01234", "+4930123", "12E3"}, {"23456", "+1800", "14E5"}}));
}

TEST_F(CsvTypesTest, LessonIntegersAbove2To53AreExact) {
  write("a.csv",
        "a,b,c\n9007199254740993,9223372036854775808,170141183460469231731687303715884105728\n"
        "-9223372036854775808,-1,0\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(), (Names{"a BIGINT", "b HUGEINT", "c VARCHAR"}));
  EXPECT_EQ(rows()[0],
            (testing::Row{"9007199254740993", "9223372036854775808", "170141183460469231731687303715884105728"}));
  EXPECT_EQ(rows()[1], (testing::Row{"-9223372036854775808", "-1", "0"}));
}

TEST_F(CsvTypesTest, LessonDecimalsAreNotRounded) {
  write("a.csv", "a,b\n1.10,0.123456789012345678\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(), (Names{"a DOUBLE", "b VARCHAR"}));
  EXPECT_EQ(error_of_declared("DECIMAL(10,2)", "1.239").message,
            "cannot read 'a.csv': line 2, column 'a': '1.239' is no DECIMAL(10,2)");
  write("b.csv", "a\n1.2300\n1.25e1\n");
  extract_csv({{"path", "b.csv"}, {"types", {{"a", "DECIMAL(10,2)"}}}});
  EXPECT_EQ(rows(), (Rows{{"1.23"}, {"12.50"}})) << "nothing is lost here";
}

TEST_F(CsvTypesTest, LessonNaiveTimestampsAreNotGivenAZone) {
  write("a.csv", "a,b\n2020-01-31 12:00:00,2020-01-31 12:00:00Z\n2020-01-31 12:00:00+02,2020-01-31 12:00:00+02\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(), (Names{"a VARCHAR", "b TIMESTAMP WITH TIME ZONE"}));
  EXPECT_EQ(rows()[1], (testing::Row{"2020-01-31 12:00:00+02", "2020-01-31 10:00:00+00"}));
}

TEST_F(CsvTypesTest, DatesWhoseOrderIsAGuessStayTexts) {
  write("a.csv", "a\n01/02/2020\n02/01/2020\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(), (Names{"a VARCHAR"}));
}

TEST_F(CsvTypesTest, SpecialNumbersRoundTrip) {
  write("a.csv", "a\n1.5\nnan\ninf\n-inf\n-0.0\n5e-324\n1.7976931348623157e308\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(rows(), (Rows{{"1.5"}, {"nan"}, {"inf"}, {"-inf"}, {"-0.0"}, {"5e-324"}, {"1.7976931348623157e+308"}}));
}

TEST_F(CsvTypesTest, AValueBehindTheSampleThatDoesNotFitIsNamedWithItsPlace) {
  const Error error = error_behind_sample("1", "x");
  EXPECT_EQ(error.code, ErrorCode::bad_data);
  EXPECT_EQ(error.message, "cannot read 'a.csv': line 4, column 'a': 'x' is no BIGINT");
  EXPECT_EQ(
      error.hint,
      "its type was guessed from the first rows: declare types: {a: VARCHAR}, or sample_rows: -1 to look at all "
      "rows");
}

/// Each of these the engine would have changed without a word.
TEST_F(CsvTypesTest, AValueBehindTheSampleIsNeverChangedToFit) {
  EXPECT_EQ(error_behind_sample("1", "3.5").message, "cannot read 'a.csv': line 4, column 'a': '3.5' is no BIGINT");
  EXPECT_EQ(error_behind_sample("1", "9007199254740993").message,
            "cannot read 'a.csv': line 4, column 'a': '9007199254740992.0' is no BIGINT");
  EXPECT_EQ(error_behind_sample("1", "nan").message, "cannot read 'a.csv': line 4, column 'a': 'nan' is no BIGINT");
  EXPECT_EQ(error_behind_sample("9007199254740993", "007").message,
            "cannot read 'a.csv': line 4, column 'a': '007' is no BIGINT");
  EXPECT_EQ(error_behind_sample("2020-01-31", "2020-01-31 12:00:00").message,
            "cannot read 'a.csv': line 4, column 'a': '2020-01-31 12:00:00' is no DATE");
  EXPECT_EQ(error_behind_sample("2020-01-31 12:00:00", "2020-01-31 12:00:00+02").message,
            "cannot read 'a.csv': line 4, column 'a': '2020-01-31 12:00:00+02' is no TIMESTAMP");
  EXPECT_EQ(error_behind_sample("2020-01-31 12:00:00", "2020-01-31 12:00:00.1234567").message,
            "cannot read 'a.csv': line 4, column 'a': '2020-01-31 12:00:00.1234567' is no TIMESTAMP");
  EXPECT_EQ(error_behind_sample("12:00:00", "12:00:00.1234567").message,
            "cannot read 'a.csv': line 4, column 'a': '12:00:00.1234567' is no TIME");
  EXPECT_EQ(error_behind_sample("2020-01-31 12:00:00Z", "2020-01-31 12:00:60Z").message,
            "cannot read 'a.csv': line 4, column 'a': '2020-01-31 12:00:60Z' is no TIMESTAMP WITH TIME ZONE");
}

TEST_F(CsvTypesTest, ADeclaredTypeNeverChangesAValueToFit) {
  EXPECT_EQ(error_of_declared("BIGINT", "3.5").message,
            "cannot read 'a.csv': line 2, column 'a': '3.5' is no BIGINT");
  EXPECT_EQ(error_of_declared("TINYINT", "3.5").message,
            "cannot read 'a.csv': line 2, column 'a': '3.5' is no TINYINT");
  EXPECT_EQ(error_of_declared("TINYINT", "300").message,
            "cannot read 'a.csv': line 2, column 'a': '300.0' is no TINYINT");
  EXPECT_EQ(error_of_declared("HUGEINT", "0.5").message,
            "cannot read 'a.csv': line 2, column 'a': '0.5' is no HUGEINT");
  EXPECT_EQ(error_of_declared("DATE", "2020-01-31 12:00:00").message,
            "cannot read 'a.csv': line 2, column 'a': '2020-01-31 12:00:00' is no DATE");
  EXPECT_EQ(error_of_declared("TIMESTAMP", "2020-01-31 12:00:00+02").message,
            "cannot read 'a.csv': line 2, column 'a': '2020-01-31 12:00:00+02' is no TIMESTAMP");
  EXPECT_EQ(error_of_declared("TIMESTAMPTZ", "N/A").message,
            "cannot read 'a.csv': line 2, column 'a': 'N/A' is no TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(error_of_declared("TIMETZ", "N/A").message,
            "cannot read 'a.csv': line 2, column 'a': 'N/A' is no TIME WITH TIME ZONE");
  EXPECT_EQ(
      error_of_declared("DOUBLE", "N/A").hint,
      "declare types: {a: VARCHAR} and convert it in a SQL step, or set such rows apart with on_bad_rows: skip");
}

TEST_F(CsvTypesTest, ADeclaredTypeTakesWhatIsWrittenDifferentlyButMeansTheSame) {
  write("a.csv",
        "i,j,d,t,s\n007,3.0,2020-01-31 00:00:00,2020-01-31,2020-01-31 12:00:00.5000000\n"
        "+7,1e3,2020-1-2,2020-01-31T12:00,infinity\n");
  extract_csv(
      {{"path", "a.csv"},
       {"types", {{"i", "BIGINT"}, {"j", "INTEGER"}, {"d", "DATE"}, {"t", "TIMESTAMP"}, {"s", "TIMESTAMP"}}}});
  EXPECT_EQ(rows(), (Rows{{"7", "3", "2020-01-31", "2020-01-31 00:00:00", "2020-01-31 12:00:00.5"},
                          {"7", "1000", "2020-01-02", "2020-01-31 12:00:00", "infinity"}}));
}

TEST_F(CsvTypesTest, SampleRowsMinusOneLooksAtAllRows) {
  write("a.csv", "a\n1\n2\n3.5\n");
  extract_csv({{"path", "a.csv"}, {"sample_rows", -1}});
  EXPECT_EQ(columns(), (Names{"a DOUBLE"}));
}

TEST_F(CsvTypesTest, TheSampleIsSpreadOverTheFiles) {
  write("1.csv", "a\n1\n2\n");
  write("2.csv", "a\nx\ny\n");
  extract_csv({{"path", "?.csv"}, {"sample_rows", 2}});
  EXPECT_EQ(columns(), (Names{"a VARCHAR"}));
}

TEST_F(CsvTypesTest, WhereTheBytesAreNotTheTextTheRowIsNamed) {
  copy("SELECT CASE WHEN range = 2 THEN 'x' ELSE '1' END AS a, 'y' AS b FROM range(5)", "a.csv.gz", "FORMAT csv");
  EXPECT_EQ(csv_error({{"path", "a.csv.gz"}, {"types", {{"a", "BIGINT"}}}}).message,
            "cannot read 'a.csv.gz': row 3, column 'a': 'x' is no BIGINT");
}

TEST_F(CsvTypesTest, LinesAreCountedAcrossLineBreaksInFields) {
  write("a.csv", "a,b\n1,\"x\ny\"\n\n2,z\n3.5,z\n");
  EXPECT_EQ(csv_error({{"path", "a.csv"}, {"types", {{"a", "BIGINT"}}}}).message,
            "cannot read 'a.csv': line 6, column 'a': '3.5' is no BIGINT");
  write("b.csv", "a\n1\n\n3.5\n");
  EXPECT_EQ(csv_error({{"path", "b.csv"}, {"types", {{"a", "BIGINT"}}}}).message,
            "cannot read 'b.csv': line 4, column 'a': '3.5' is no BIGINT");
}

}  // namespace
}  // namespace spillway::drivers::file
