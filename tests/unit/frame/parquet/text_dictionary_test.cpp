#include "frame/parquet/text_dictionary.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

namespace spillway::frame::parquet {
namespace {

using Number = std::optional<std::uint16_t>;

/// The cell holds no copy of a text of more than 12 bytes.
engine::StringCell cell_of(std::string_view text) {
  engine::StringCell cell;
  if (text.size() <= engine::StringCell::k_inline_bytes) {
    cell.set_in_place(text);
  } else {
    cell.set_elsewhere(text);
  }
  return cell;
}

class TextDictionaryTest : public ::testing::Test {
 protected:
  Number number_of(const std::string& text) { return m_dictionary.number_of(cell_of(text)); }
  TextDictionary m_dictionary;
};

TEST_F(TextDictionaryTest, ATextKeepsItsNumber) {
  const std::vector<std::string> texts{
      "", "a", "ab", "abcdefghijkl", "abcdefghijklm", "abcdefghijkln", std::string("a\0", 2), std::string(5000, 'x')};
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(number_of(texts[i]), Number(i)) << texts[i];
  }
  ASSERT_EQ(m_dictionary.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(m_dictionary.text(static_cast<std::uint16_t>(i)), texts[i]);
}

TEST_F(TextDictionaryTest, ThereIsRoomForSoManyTexts) {
  for (std::size_t i = 0; i < TextDictionary::k_max_texts; ++i) ASSERT_EQ(number_of(fmt::format("{}", i)), Number(i));
  EXPECT_EQ(number_of("another"), std::nullopt);
  EXPECT_EQ(number_of("17"), Number(17));
}

TEST_F(TextDictionaryTest, ThereIsRoomForSoManyBytes) {
  EXPECT_EQ(number_of(std::string(TextDictionary::k_max_bytes, 'x')), Number(0));
  EXPECT_EQ(number_of("y"), std::nullopt);
  EXPECT_EQ(number_of(""), Number(1));
}

TEST_F(TextDictionaryTest, ClearedItStartsAnew) {
  EXPECT_EQ(number_of("a"), Number(0));
  EXPECT_EQ(number_of("a text of more than twelve bytes"), Number(1));
  m_dictionary.clear();
  EXPECT_EQ(m_dictionary.size(), 0U);
  EXPECT_EQ(number_of("a text of more than twelve bytes"), Number(0));
}

/// Whoever knows the hash can choose texts that all begin at one slot: they must not be looked for among all others.
TEST_F(TextDictionaryTest, TextsThatCollideSoonHaveNoRoom) {
  constexpr std::uint64_t k_odd = 0x9E3779B97F4A7C15;
  std::size_t added = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    // Twelve bytes whose last eight are what makes the sum of text_dictionary.cpp come out at a multiple of 2^50 /
    // odd.
    const std::string first(4, 'x');
    engine::StringCell cell = cell_of(first + std::string(8, 'y'));
    std::uint64_t word = 0;
    std::memcpy(&word, &cell, sizeof word);
    std::uint64_t inverse = k_odd;
    for (int round = 0; round < 6; ++round) inverse *= 2 - k_odd * inverse;
    const std::uint64_t mixed = word * k_odd;
    const std::uint64_t last = i * inverse - (mixed ^ (mixed >> 32U));
    std::string text = first + std::string(8, '\0');
    std::memcpy(text.data() + 4, &last, sizeof last);
    if (number_of(text)) ++added;
  }
  EXPECT_EQ(added, 64U);
}

}  // namespace
}  // namespace spillway::frame::parquet
