#include "drivers/file/csv_errors.hpp"

#include <string>

#include "support/driver_fixture.hpp"

namespace spillway::drivers::file {
namespace {

class CsvErrorsTest : public testing::DriverTest {
 protected:
  Error csv_error(Json config) { return error_of("filesystem.csv_extractor", std::move(config)); }
  Error error_of_text(std::string_view text) {
    write("a.csv", text);
    return csv_error({{"path", "a.csv"}});
  }
};

TEST_F(CsvErrorsTest, FieldsTooFewOrTooMany) {
  Error error = error_of_text("a,b,c\n1,2,3\n1,2\n");
  EXPECT_EQ(error.code, ErrorCode::bad_data);
  EXPECT_EQ(error.message, "cannot read 'a.csv': line 3: 2 fields instead of 3");
  EXPECT_EQ(error.hint, "the delimiter is ','; set such rows apart with on_bad_rows: skip");
  EXPECT_EQ(error_of_text("a,b\n1,2\n1,2,3\n").message, "cannot read 'a.csv': line 3: 3 fields instead of 2");
  EXPECT_EQ(error_of_text("a,b\n1\n").message, "cannot read 'a.csv': line 2: 1 field instead of 2");
}

TEST_F(CsvErrorsTest, QuotesThatAreNotClosed) {
  const Error error = error_of_text("a,b\n1,x\n2,\"y\n3,z\n");
  EXPECT_EQ(error.message, "cannot read 'a.csv': line 3, column 'b': a quote is not closed, or closed too early");
  EXPECT_EQ(error.hint, "inside of quotes a \" is written \"\"; set such rows apart with on_bad_rows: skip");
  EXPECT_EQ(error_of_text("a,b\n\"x\"y,1\n").message,
            "cannot read 'a.csv': line 2, column 'a': a quote is not closed, or closed too early");
  EXPECT_EQ(error_of_text("a,\"b\n1,2\n").message,
            "cannot read 'a.csv': a quote in line 1 is not closed, or closed too early");
}

TEST_F(CsvErrorsTest, BrokenQuoteFarDownIsNamedWithItsPlace) {
  copy("SELECT range AS id, 'text ' || range AS comment FROM range(200000)", "a.csv", "FORMAT csv");
  std::string text = read("a.csv");
  const std::string row = "\n99999,text 99999\n";
  text.replace(text.find(row), row.size(), "\n99999,\"text 99999\n");
  write("a.csv", text);
  EXPECT_EQ(csv_error({{"path", "a.csv"}}).message,
            "cannot read 'a.csv': line 100001, column 'comment': a quote is not closed, or closed too early");
}

/// The engine passes over a quote that is open at the end of one of several files.
TEST_F(CsvErrorsTest, OpenQuoteAtTheEndOfOneOfSeveralFiles) {
  write("1.csv", "a,b\n1,x\n");
  write("2.csv", "a,b\n1,x\n2,\"y\n");
  write("3.csv", "a,b\n1,x\n");
  EXPECT_EQ(csv_error({{"path", "?.csv"}}).message,
            "cannot read '2.csv': line 3, column 'b': a quote is not closed, or closed too early");
}

TEST_F(CsvErrorsTest, TextInAnotherEncoding) {
  const Error error = error_of_text("a,b\n1,x\n2,caf\xe9\n");
  EXPECT_EQ(error.message, "cannot read 'a.csv': line 3: it is not utf-8");
  EXPECT_EQ(error.hint,
            "set encoding to what the file has (utf-8, utf-16 or latin-1), or set such rows apart with "
            "on_bad_rows: skip");
  EXPECT_EQ(error_of_text("caf\xe9,b\n1,x\n").message, "cannot read 'a.csv': line 1: it is not utf-8");
}

TEST_F(CsvErrorsTest, LinesThatEndInSeveralWays) {
  const Error error = error_of_text("a,b\r\n1,x\r\n2,y\n3,z\r\n");
  EXPECT_EQ(error.message, "cannot read 'a.csv': line 3 ends in another way than the lines before");
  EXPECT_EQ(error.hint, "make them alike, for example by: sed -i 's/\\r$//' FILE");
}

TEST_F(CsvErrorsTest, LineBeyondTheLimit) {
  const Error error = error_of_text("a,b\n1,\"" + std::string(11'000'000, 'x') + "\"\n");
  EXPECT_EQ(error.message, "cannot read 'a.csv': line 2: it is longer than 10,485,760 bytes");
  EXPECT_EQ(error.hint, "raise maximum_line_bytes, or see whether a quote is never closed");
  extract("filesystem.csv_extractor", {{"path", "a.csv"}, {"maximum_line_bytes", 16'000'000}});
  EXPECT_EQ(rows().size(), 1U);
}

TEST_F(CsvErrorsTest, NoHeaderLine) {
  EXPECT_EQ(error_of_text("\n\n").message, "cannot read 'a.csv': it has no header line");
  write("b.csv", "x\na,b\n1,2\n");
  const Error error = csv_error({{"path", "b.csv"}, {"skip_rows", 3}});
  EXPECT_EQ(error.message, "cannot read 'b.csv': it has no header line");
  EXPECT_EQ(error.hint, "skip_rows passes over 3 lines");
  write("c.csv", "\n");
  EXPECT_EQ(csv_error({{"path", "c.csv"}, {"header", false}}).message,
            "cannot read 'c.csv': it has no line with data");
}

/// In lines that it passes over, the engine takes a broken quote for the end of the file.
TEST_F(CsvErrorsTest, BrokenQuoteInFrontOfTheHeader) {
  write("a.csv", "\"x\"y\na,b\n1,2\n");
  EXPECT_EQ(csv_error({{"path", "a.csv"}, {"skip_rows", 1}}).message,
            "cannot read 'a.csv': a quote in line 1 is not closed, or closed too early");
}

TEST_F(CsvErrorsTest, WhatIsNotCompressedAsItsNameSays) {
  write("a.csv.gz", "a,b\n1,2\n");
  EXPECT_EQ(csv_error({{"path", "a.csv.gz"}}).message,
            "cannot read 'a.csv.gz': Input is not a GZIP stream: a.csv.gz");
  write("a.csv.zst", "a,b\n1,2\n");
  EXPECT_EQ(csv_error({{"path", "a.csv.zst"}}).message, "cannot read 'a.csv.zst': Unknown frame descriptor");
}

}  // namespace
}  // namespace spillway::drivers::file
