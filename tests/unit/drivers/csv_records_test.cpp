#include "drivers/file/csv_records.hpp"

#include <string>
#include <vector>

#include "drivers/file/csv_header.hpp"

namespace spillway::drivers::file {
namespace {

using Fields = std::vector<std::string>;

CsvFormat format_of(const std::string& delimiter, const std::string& quote, const std::string& escape) {
  CsvFormat format;
  format.delimiter = delimiter;
  format.quote = quote;
  format.escape = escape;
  return format;
}

const CsvFormat k_plain = format_of(",", "\"", "\"");

TEST(CsvRecords, FieldsWithQuotesEscapesAndBlanks) {
  CsvRecords records("a,\"b,\"\"c\"\"\", \"d\" ,5\" pipe,\n", k_plain);
  ASSERT_TRUE(records.next());
  EXPECT_EQ(records.fields(), (Fields{"a", "b,\"c\"", "d", "5\" pipe", ""}));
  EXPECT_FALSE(records.next());
}

TEST(CsvRecords, OtherDialects) {
  const CsvFormat format = format_of("||", "'", "\\");
  CsvRecords records("'it\\'s'||x|y||''\r", format);
  ASSERT_TRUE(records.next());
  EXPECT_EQ(records.fields(), (Fields{"it's", "x|y", ""}));
}

TEST(CsvRecords, LinesAreCountedAcrossQuotesAndBlankLines) {
  CsvRecords records("a,b\r\n\r\n\"1\r\n2\",x\r\ny,z", k_plain);
  ASSERT_TRUE(records.next());
  EXPECT_EQ(records.line(), 1U);
  EXPECT_EQ(records.line_end(), "\r\n");
  ASSERT_TRUE(records.next());
  EXPECT_EQ(records.line(), 3U);
  EXPECT_EQ(records.rows_in_front(), 2U) << "the header and the blank line";
  EXPECT_EQ(records.text(), "\"1\r\n2\",x");
  ASSERT_TRUE(records.next());
  EXPECT_EQ(records.line(), 5U);
  EXPECT_EQ(records.line_end(), "");
  EXPECT_FALSE(records.next());
}

TEST(CsvRecords, NextBehind) {
  CsvRecords records("a\n\nb\nc\n", k_plain);
  ASSERT_TRUE(records.next_behind(3));
  EXPECT_EQ(records.text(), "c");
  EXPECT_FALSE(records.next_behind(4));
}

TEST(CsvRecords, BrokenQuotesAreFound) {
  const auto broken_field = [](std::string_view text) {
    CsvRecords records(text, k_plain);
    records.next();
    return records.broken_field();
  };
  EXPECT_EQ(broken_field("a,\"b\" ,\"c\""), std::nullopt);
  EXPECT_EQ(broken_field("a,\"b\"c,d"), 1U);
  EXPECT_EQ(broken_field("a,b,\"c\nd,e\n"), 2U);
}

TEST(CsvRecords, OpenQuoteRunsToTheEnd) {
  CsvRecords records("a,\"b\nc,d\n", k_plain);
  ASSERT_TRUE(records.next());
  EXPECT_FALSE(records.is_closed());
  EXPECT_FALSE(records.next());
}

TEST(UniqueNames, RepeatedAndEmptyNames) {
  EXPECT_EQ(unique_names({"a", "A", "", "a", "a_1"}), (Fields{"a", "A_1", "column2", "a_2", "a_1_1"}));
}

}  // namespace
}  // namespace spillway::drivers::file
