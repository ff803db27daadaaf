#include "frame/parquet/bits.hpp"

#include <string>
#include <vector>

namespace spillway::frame::parquet {
namespace {

using namespace std::string_literals;

std::string varint(std::uint64_t value) {
  std::string out;
  append_varint(value, out);
  return out;
}

std::string zigzag(std::int64_t value) {
  std::string out;
  append_zigzag(value, out);
  return out;
}

template <typename Unsigned>
std::string packed(const std::vector<Unsigned>& values, unsigned width) {
  std::string out;
  append_packed(std::span<const Unsigned>(values), width, out);
  return out;
}

template <typename T>
std::string delta_packed(const std::vector<T>& values) {
  std::string out;
  append_delta_packed(std::span<const T>(values), out);
  return out;
}

TEST(Bits, AVarintHasSevenBitsAByte) {
  EXPECT_EQ(varint(0), "\0"s);
  EXPECT_EQ(varint(127), "\x7F");
  EXPECT_EQ(varint(128), "\x80\x01");
  EXPECT_EQ(varint(UINT64_MAX), "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
}

TEST(Bits, ZigzagKeepsSmallNumbersSmall) {
  EXPECT_EQ(zigzag(0), "\0"s);
  EXPECT_EQ(zigzag(-1), "\1");
  EXPECT_EQ(zigzag(1), "\2");
  EXPECT_EQ(zigzag(INT64_MIN), varint(UINT64_MAX));
}

TEST(Bits, PackingBeginsInTheLowestBits) {
  // The example of the format's text: 0 to 7 in three bits each.
  EXPECT_EQ(packed<std::uint16_t>({0, 1, 2, 3, 4, 5, 6, 7}, 3), "\x88\xC6\xFA");
  EXPECT_EQ(packed<std::uint16_t>({1, 0, 1}, 1), "\5");
  EXPECT_EQ(packed<std::uint32_t>({7, 7}, 0), "");
  EXPECT_EQ(packed<std::uint32_t>({UINT32_MAX}, 32), "\xFF\xFF\xFF\xFF");
}

TEST(Bits, EveryWidthUnpacksToWhatWasPacked) {
  for (unsigned width = 1; width <= 64; ++width) {
    std::vector<std::uint64_t> values;
    std::uint64_t next = 1;
    for (int i = 0; i < 67; ++i) {
      next = next * 6364136223846793005U + 1442695040888963407U;
      values.push_back(i == 0 ? UINT64_MAX >> (64 - width) : next >> (64 - width));
    }
    const std::string bytes = packed(values, width);
    EXPECT_EQ(bytes.size(), (values.size() * width + 7) / 8);
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::uint64_t value = 0;
      for (unsigned bit = 0; bit < width; ++bit) {
        const std::size_t at = i * width + bit;
        value |= std::uint64_t{(static_cast<unsigned char>(bytes[at / 8]) >> (at % 8)) & 1U} << bit;
      }
      ASSERT_EQ(value, values[i]) << "width " << width << ", value " << i;
    }
  }
}

TEST(Bits, ARunOfPackedValuesIsWholeGroupsOfEight) {
  const std::vector<std::uint16_t> values(9, 1);
  std::string out;
  append_packed_run(values, 1, out);
  EXPECT_EQ(out, "\5\xFF\1");  // two groups
}

TEST(Bits, ARunOfTheSameIsTwoNumbers) {
  std::string out;
  append_repeated_run(1000, true, out);
  EXPECT_EQ(out, "\xD0\x0F\1");
}

TEST(Bits, DifferencesAreToldAboveTheLeastOfThem) {
  // Block of 128 in 4 parts, how many, the first; then the least difference, four widths, and no bits.
  EXPECT_EQ(delta_packed<std::int32_t>({1, 2, 3, 4, 5}), "\x80\1\4\5\2\2\0\0\0\0"s);
  // The second example of the format's text: differences -2 -2 -2 1 1 1 1 above -2.
  EXPECT_EQ(delta_packed<std::int64_t>({7, 5, 3, 1, 2, 3, 4, 5}), "\x80\1\4\x8\xE\3\2\0\0\0\xC0\x3F\0\0\0\0\0\0"s);
  EXPECT_EQ(delta_packed<std::int32_t>({}), "\x80\1\4\0\0"s);
  EXPECT_EQ(delta_packed<std::int32_t>({-1}), "\x80\1\4\1\1"s);
}

TEST(Bits, DifferencesWrapAround) {
  // From the least to the greatest number it is one step down.
  EXPECT_EQ(delta_packed<std::int32_t>({INT32_MIN, INT32_MAX}),
            delta_packed<std::int32_t>({INT32_MIN, INT32_MIN})
                .replace(delta_packed<std::int32_t>({INT32_MIN}).size(), 1, "\1"));
}

}  // namespace
}  // namespace spillway::frame::parquet
