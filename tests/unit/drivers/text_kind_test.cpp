#include "drivers/file/text_kind.hpp"

#include <string_view>
#include <vector>

namespace spillway::drivers::file {
namespace {

TEST(TextKind, WhatATextCanBeReadAs) {
  struct Case {
    Kind kind;
    std::vector<std::string_view> texts;
  };
  const std::vector<Case> cases{
      {Kind::integer, {"0", "7", "-7", " 42 ", "9223372036854775808"}},
      {Kind::decimal, {"1.10", "-0.5", ".5", "0.0", "-0.0", "1e-5", "1E+16", "2.5e10", "1.0e0"}},
      {Kind::not_a_number, {"nan", "NaN", "inf", "-Infinity"}},
      {Kind::boolean, {"true", "FALSE"}},
      {Kind::date, {"2020-01-31", "2024-02-29", "0001-01-01", "9999-12-31"}},
      {Kind::time, {"00:00:00", "23:59:59.5"}},
      {Kind::timestamp, {"2020-01-31 12:30:00", "2020-01-31T12:30", "2020-01-31 12:30:00.123456789"}},
      {Kind::timestamp_tz,
       {"2020-01-31T12:30:00Z", "2020-01-31 12:30:00+02", "2020-01-31T12:30:00.5-0230", "2020-01-31T12:30:00+02:00"}},
      {Kind::text,
       {"",
        "x",
        "007",
        "01234",
        "-01",
        "00.5",
        "+49",
        "1_000",
        "0x1F",
        "1,5",
        "12E3",
        "1.",
        "-0",
        "-",
        "1e",
        "1.5e",
        "t",
        "yes",
        " true",
        "2020-1-2",
        "2020/01/02",
        "31.12.2020",
        "20-01-02",
        "2020-02-30",
        "2023-02-29",
        "0000-00-00",
        "2020-13-01",
        "2020-01-31 ",
        "24:00:00",
        "12:30",
        "12:60:00",
        "1:02:03",
        "2020-01-31 24:00:00",
        "2020-01-31 12:30:00 +02:00",
        "2020-01-31 12:30:00+2",
        "2020-01-31 12:30:00.",
        "2020-01-31T12:30:00 UTC",
        "10000-01-01",
        "12 34",
        "1 ,5"}},
  };
  for (const Case& expected : cases) {
    for (const std::string_view text : expected.texts) {
      EXPECT_EQ(static_cast<int>(classify(text).kind), static_cast<int>(expected.kind)) << "'" << text << "'";
    }
  }
}

TEST(TextKind, DecimalSeparator) {
  EXPECT_EQ(classify("1,50", ',').kind, Kind::decimal);
  EXPECT_EQ(classify("1.50", ',').kind, Kind::text);
  EXPECT_EQ(classify("1.234,50", ',').kind, Kind::text);
}

TEST(TextKind, DigitsAreCounted) {
  EXPECT_EQ(classify("-1234").integer_digits, 4U);
  EXPECT_EQ(classify("1234.50").integer_digits, 4U);
  EXPECT_EQ(classify("1234.50").significant_digits, 5U);
  EXPECT_EQ(classify("0.00120").significant_digits, 2U);
  EXPECT_EQ(classify("2020-01-31 12:30:00.123").fraction_digits, 3U);
}

}  // namespace
}  // namespace spillway::drivers::file
