#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>

/// Parquet's encodings of numbers (Encodings.md of the format).
namespace spillway::frame::parquet {

static_assert(std::endian::native == std::endian::little,
              "Parquet's numbers are little-endian, and copied as they are");

/// A value as PLAIN stores one.
template <typename T>
std::string bytes_of(T value) {
  const auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(value);
  return {bytes.data(), bytes.size()};
}

/// ULEB128.
void append_varint(std::uint64_t value, std::string& out);
/// A signed number as a varint: 0, -1, 1, -2 … become 0, 1, 2, 3 …
void append_zigzag(std::int64_t value, std::string& out);

/// The low `width` bits, 0 to 64, of each value, the first one in the lowest bits; the last byte is filled with
/// zeros. Values must fit.
template <typename Unsigned>
void append_packed(std::span<const Unsigned> values, unsigned width, std::string& out);

/// RLE/bit-packing hybrid, as one run of packed values: those of a dictionary, or levels.
void append_packed_run(std::span<const std::uint16_t> values, unsigned width, std::string& out);
/// RLE/bit-packing hybrid of numbers of one bit: `count` times the same.
void append_repeated_run(std::uint64_t count, bool value, std::string& out);

/// DELTA_BINARY_PACKED, in blocks of 128 values. Differences wrap around in the width of T, which is std::int32_t or
/// std::int64_t.
template <typename T>
void append_delta_packed(std::span<const T> values, std::string& out);

}  // namespace spillway::frame::parquet
