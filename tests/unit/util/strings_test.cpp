#include "util/strings.hpp"

namespace spillway {
namespace {

TEST(Strings, SplitAndJoinAreInverse) {
  for (const char* text : {"", "a", "a,b", ",a,,b,"}) EXPECT_EQ(join(split(text, ','), ","), text);
}

TEST(Strings, ClosestMatchFindsTypingMistakesOnly) {
  const std::vector<std::string> names{"filesystem.csv_writer", "filesystem.csv_extractor", "path"};
  EXPECT_EQ(closest_match("filesystem.csv_writter", names), "filesystem.csv_writer");
  EXPECT_EQ(closest_match("Path", names), "path");
  EXPECT_EQ(closest_match("pth", names), "path");
  EXPECT_EQ(closest_match("rnu", {"run", "ran"}), "run") << "two neighbours exchanged are one mistake";
  EXPECT_FALSE(closest_match("mysql.extractor", names));
  EXPECT_FALSE(closest_match("", names));
}

TEST(Strings, BytesForPeopleAndBack) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KB");
  EXPECT_EQ(human_bytes(std::uint64_t{13} << 30), "13 GB");
  EXPECT_EQ(parse_bytes("512MB"), std::uint64_t{512} << 20);
  EXPECT_EQ(parse_bytes(" 4 GiB "), std::uint64_t{4} << 30);
  EXPECT_EQ(parse_bytes("1.5k"), 1536U);
  EXPECT_EQ(parse_bytes("100"), 100U);
  for (const char* bad : {"", "MB", "-1", "1 XB", "1 MBs", "nan", "inf", "1e30", "12 34"}) {
    EXPECT_FALSE(parse_bytes(bad)) << bad;
  }
}

TEST(Strings, DurationsForPeople) {
  EXPECT_EQ(human_duration(41), "41 ms");
  EXPECT_EQ(human_duration(1234), "1.23 s");
  EXPECT_EQ(human_duration(247'000), "4 min 07 s");
}

TEST(Strings, WordsOfACommandLine) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(split_words("  ssh host\tspillway worker\n"), (Words{"ssh", "host", "spillway", "worker"}));
  EXPECT_EQ(split_words(R"(sh -c 'a "b" \c' "x y \" 'z'" q''r \ \$HOME)"),
            (Words{"sh", "-c", R"(a "b" \c)", R"(x y " 'z')", "qr", " $HOME"}));
  EXPECT_EQ(split_words("a ''"), (Words{"a", ""}));
  EXPECT_EQ(split_words(""), Words{});
  for (const char* open : {"'a", "\"a", "a\\"}) EXPECT_FALSE(split_words(open)) << open;
}

TEST(Strings, Thousands) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(3000000), "3,000,000");
}

TEST(Strings, BooleansAsPeopleWriteThem) {
  for (const char* yes : {"1", "true", "YES", "On"}) EXPECT_EQ(parse_bool(yes), true) << yes;
  for (const char* no : {"", "0", "False", "no", "off"}) EXPECT_EQ(parse_bool(no), false) << no;
  EXPECT_FALSE(parse_bool("maybe"));
}

TEST(Strings, UnsignedIntegersAreWholeTexts) {
  EXPECT_EQ(parse_uint("18446744073709551615"), 18446744073709551615U);
  for (const char* bad : {"", "-1", "+1", "1 ", "1x", "18446744073709551616"}) EXPECT_FALSE(parse_uint(bad)) << bad;
}

TEST(Strings, InvalidUtf8IsReplacedByteByByte) {
  EXPECT_EQ(to_valid_utf8("aé€😀"), "aé€😀");
  EXPECT_EQ(to_valid_utf8("\xff"), "\xEF\xBF\xBD");
  EXPECT_EQ(to_valid_utf8("a\xC3"), "a\xEF\xBF\xBD") << "cut off";
  EXPECT_EQ(to_valid_utf8("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong";
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "surrogate";
}

TEST(Strings, TrimAndLower) {
  EXPECT_EQ(trim(" \t a b \n"), "a b");
  EXPECT_EQ(to_lower("AbC"), "abc");
  EXPECT_EQ(replace_all("a.b.c", ".", "::"), "a::b::c");
}

TEST(Strings, ByteOfCharacter) {
  EXPECT_EQ(byte_of_character("a\u00e9b", 0), 0U);
  EXPECT_EQ(byte_of_character("a\u00e9b", 1), 1U);
  EXPECT_EQ(byte_of_character("a\u00e9b", 2), 3U) << "the second one has two bytes";
  EXPECT_EQ(byte_of_character("a\u00e9b", 9), 4U);
}

}  // namespace
}  // namespace spillway
