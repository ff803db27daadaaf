#include "drivers/file/type_guess.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace spillway::drivers::file {
namespace {

std::string guess(const std::vector<std::string_view>& texts) {
  TypeGuess guess;
  for (const std::string_view text : texts) guess.observe(text);
  return guess.type().to_sql();
}

TEST(TypeGuess, TheNarrowestTypeThatKeepsEveryText) {
  EXPECT_EQ(guess({"1", "-2", "9223372036854775807", "-9223372036854775808"}), "BIGINT");
  EXPECT_EQ(guess({"1", "9223372036854775808"}), "HUGEINT");
  EXPECT_EQ(guess({"-9223372036854775809"}), "HUGEINT");
  EXPECT_EQ(guess({"-170141183460469231731687303715884105728"}), "HUGEINT");
  EXPECT_EQ(guess({"170141183460469231731687303715884105728"}), "VARCHAR");
  EXPECT_EQ(guess({"1", "2.5", "1e-7"}), "DOUBLE");
  EXPECT_EQ(guess({"2.5", "nan", "-inf"}), "DOUBLE");
  EXPECT_EQ(guess({"true", "FALSE"}), "BOOLEAN");
  EXPECT_EQ(guess({"2020-01-31"}), "DATE");
  EXPECT_EQ(guess({"12:30:00.123456"}), "TIME");
  EXPECT_EQ(guess({"2020-01-31 12:30:00", "2020-01-31T12:30"}), "TIMESTAMP");
  EXPECT_EQ(guess({"2020-01-31T12:30:00Z", "2020-01-31 12:30:00+02"}), "TIMESTAMP WITH TIME ZONE");
}

TEST(TypeGuess, LeadingZerosAndSignsMakeTexts) {
  EXPECT_EQ(guess({"12345", "01234"}), "VARCHAR");
  EXPECT_EQ(guess({"+4930123"}), "VARCHAR");
  EXPECT_EQ(guess({"12E3", "14E5"}), "VARCHAR");
}

TEST(TypeGuess, NumbersThatADoubleWouldRoundStayTexts) {
  EXPECT_EQ(guess({"0.12345678901234567"}), "DOUBLE") << "17 digits";
  EXPECT_EQ(guess({"0.123456789012345678"}), "VARCHAR") << "18 digits";
  EXPECT_EQ(guess({"1.5", "999999999999999"}), "DOUBLE");
  EXPECT_EQ(guess({"1.5", "9007199254740993"}), "VARCHAR") << "above 2^53";
  EXPECT_EQ(guess({"1234567890123456.5"}), "VARCHAR");
}

TEST(TypeGuess, SeveralKindsMakeTexts) {
  EXPECT_EQ(guess({"1", "true"}), "VARCHAR");
  EXPECT_EQ(guess({"2020-01-31", "2020-01-31 12:30:00"}), "VARCHAR");
  EXPECT_EQ(guess({"2020-01-31 12:30:00", "2020-01-31 12:30:00Z"}), "VARCHAR") << "no zone is invented";
  EXPECT_EQ(guess({"nan", "inf"}), "VARCHAR") << "words";
  EXPECT_EQ(guess({}), "VARCHAR");
}

TEST(TypeGuess, FractionsOfSecondsAreKept) {
  EXPECT_EQ(guess({"2020-01-31 12:30:00.123456"}), "TIMESTAMP");
  EXPECT_EQ(guess({"2020-01-31 12:30:00.1234567"}), "TIMESTAMP_NS");
  EXPECT_EQ(guess({"1500-01-31 12:30:00.1234567"}), "VARCHAR") << "out of range for nanoseconds";
  EXPECT_EQ(guess({"2020-01-31 12:30:00.1234567890"}), "VARCHAR");
  EXPECT_EQ(guess({"2020-01-31T12:30:00.1234567Z"}), "VARCHAR");
  EXPECT_EQ(guess({"12:30:00.1234567"}), "VARCHAR");
}

TEST(TypeGuess, EmptyTextsDoNotDecide) {
  TypeGuess guess;
  guess.observe("");
  EXPECT_EQ(guess.type().to_sql(), "VARCHAR");
  guess.observe("7");
  EXPECT_EQ(guess.type().to_sql(), "BIGINT");
  EXPECT_TRUE(guess.has_empty_texts());
}

}  // namespace
}  // namespace spillway::drivers::file
