#include "frame/parquet/bits.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

namespace spillway::frame::parquet {
namespace {

constexpr unsigned k_byte_bits = 8;
constexpr unsigned k_word_bits = 64;
constexpr std::size_t k_block_values = 128;
constexpr std::size_t k_miniblocks = 4;
constexpr std::size_t k_miniblock_values = k_block_values / k_miniblocks;

std::size_t packed_bytes(std::size_t count, unsigned width) {
  return (count * width + k_byte_bits - 1) / k_byte_bits;
}

/// Packs into `out`, which has room for packed_bytes() and a word.
template <typename Unsigned>
void pack(const Unsigned* values, std::size_t count, unsigned width, char* out) {
  std::uint64_t word = 0;
  unsigned used = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t value = values[i];
    word |= value << used;
    used += width;
    if (used < k_word_bits) continue;
    std::memcpy(out, &word, sizeof word);
    out += sizeof word;
    used -= k_word_bits;
    word = used == 0 ? 0 : value >> (width - used);
  }
  std::memcpy(out, &word, sizeof word);
}

/// Up to 128 differences as a block: the least of them, the widths of four parts, and what each is above the least.
template <typename Unsigned>
void append_block(std::array<Unsigned, k_block_values>& differences, std::size_t count, std::string& out) {
  using Signed = std::make_signed_t<Unsigned>;
  auto least = static_cast<Signed>(differences[0]);
  for (std::size_t i = 1; i < count; ++i) least = std::min(least, static_cast<Signed>(differences[i]));
  for (std::size_t i = 0; i < count; ++i) differences[i] -= static_cast<Unsigned>(least);
  std::fill(differences.begin() + static_cast<std::ptrdiff_t>(count), differences.end(), Unsigned{0});

  std::array<unsigned, k_miniblocks> widths{};
  for (std::size_t part = 0; part < k_miniblocks; ++part) {
    Unsigned all = 0;
    for (std::size_t i = 0; i < k_miniblock_values; ++i) all |= differences[part * k_miniblock_values + i];
    widths[part] = static_cast<unsigned>(std::bit_width(all));
  }
  append_zigzag(least, out);
  for (const unsigned width : widths) out.push_back(static_cast<char>(width));
  for (std::size_t part = 0; part * k_miniblock_values < count; ++part) {
    append_packed(std::span<const Unsigned>(differences).subspan(part * k_miniblock_values, k_miniblock_values),
                  widths[part], out);
  }
}

}  // namespace

void append_varint(std::uint64_t value, std::string& out) {
  constexpr unsigned k_payload_bits = 7;
  constexpr std::uint64_t k_more = 0x80;
  while (value >= k_more) {
    out.push_back(static_cast<char>(value | k_more));
    value >>= k_payload_bits;
  }
  out.push_back(static_cast<char>(value));
}

void append_zigzag(std::int64_t value, std::string& out) {
  append_varint((static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> (k_word_bits - 1)),
                out);
}

template <typename Unsigned>
void append_packed(std::span<const Unsigned> values, unsigned width, std::string& out) {
  const std::size_t before = out.size();
  const std::size_t bytes = packed_bytes(values.size(), width);
  out.resize(before + bytes + sizeof(std::uint64_t));
  pack(values.data(), values.size(), width, out.data() + before);
  out.resize(before + bytes);
}

void append_packed_run(std::span<const std::uint16_t> values, unsigned width, std::string& out) {
  const std::size_t groups = (values.size() + k_byte_bits - 1) / k_byte_bits;
  append_varint((groups << 1U) | 1U, out);
  const std::size_t before = out.size();
  append_packed(values, width, out);
  out.resize(before + groups * width);
}

void append_repeated_run(std::uint64_t count, bool value, std::string& out) {
  append_varint(count << 1U, out);
  out.push_back(value ? '\1' : '\0');
}

template <typename T>
void append_delta_packed(std::span<const T> values, std::string& out) {
  using Unsigned = std::make_unsigned_t<T>;
  append_varint(k_block_values, out);
  append_varint(k_miniblocks, out);
  append_varint(values.size(), out);
  append_zigzag(values.empty() ? 0 : values.front(), out);
  std::array<Unsigned, k_block_values> differences{};
  for (std::size_t first = 1; first < values.size(); first += k_block_values) {
    const std::size_t count = std::min(k_block_values, values.size() - first);
    const T* block = values.data() + first;
    for (std::size_t i = 0; i < count; ++i) {
      differences[i] =
          static_cast<Unsigned>(block[i]) - static_cast<Unsigned>(block[static_cast<std::ptrdiff_t>(i) - 1]);
    }
    append_block(differences, count, out);
  }
}

template void append_packed(std::span<const std::uint16_t>, unsigned, std::string&);
template void append_packed(std::span<const std::uint32_t>, unsigned, std::string&);
template void append_packed(std::span<const std::uint64_t>, unsigned, std::string&);
template void append_delta_packed(std::span<const std::int32_t>, std::string&);
template void append_delta_packed(std::span<const std::int64_t>, std::string&);

}  // namespace spillway::frame::parquet
