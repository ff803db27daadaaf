#include "frame/parquet/text_dictionary.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>

namespace spillway::frame::parquet {
namespace {

using engine::StringCell;

/// A cell as it is laid out: all of a short text, as what is behind its end is zero; of a longer one its length, its
/// first bytes and where it is.
using Words = std::array<std::uint64_t, 2>;
static_assert(sizeof(StringCell) == sizeof(Words));

bool is_short(const StringCell& cell) { return cell.length() <= StringCell::k_inline_bytes; }

bool is_same(const StringCell& a, const StringCell& b) {
  const auto left = std::bit_cast<Words>(a);
  const auto right = std::bit_cast<Words>(b);
  if (left[0] != right[0]) return false;
  return left[1] == right[1] || (!is_short(a) && a.view() == b.view());
}

std::uint64_t hash_of(const StringCell& cell) {
  if (!is_short(cell)) return std::hash<std::string_view>()(cell.view());
  constexpr std::uint64_t k_odd = 0x9E3779B97F4A7C15;
  constexpr unsigned k_half = 32;
  const auto words = std::bit_cast<Words>(cell);
  const std::uint64_t first = words[0] * k_odd;
  return ((first ^ (first >> k_half)) + words[1]) * k_odd;
}

}  // namespace

std::optional<std::uint16_t> TextDictionary::number_of(const StringCell& cell) {
  constexpr unsigned k_hash_bits = 64;
  const std::size_t start = hash_of(cell) >> (k_hash_bits - k_slot_bits);
  for (std::size_t i = 0; i < k_max_probes; ++i) {
    std::uint16_t& slot = m_slots[(start + i) % k_slots];
    if (slot == 0) return add(cell, slot);
    const auto number = static_cast<std::uint16_t>(slot - 1);
    if (is_same(m_texts[number], cell)) return number;
  }
  return std::nullopt;
}

std::optional<std::uint16_t> TextDictionary::add(const StringCell& cell, std::uint16_t& slot) {
  if (m_texts.size() == k_max_texts || m_bytes + cell.length() > k_max_bytes) return std::nullopt;
  m_bytes += cell.length();
  StringCell& own = m_texts.emplace_back(cell);
  if (!is_short(cell)) own.set_elsewhere(m_long_texts.emplace_back(cell.view()));
  slot = static_cast<std::uint16_t>(m_texts.size());
  return static_cast<std::uint16_t>(slot - 1);
}

void TextDictionary::clear() {
  if (m_texts.empty()) return;
  m_texts.clear();
  m_long_texts.clear();
  m_bytes = 0;
  std::ranges::fill(m_slots, std::uint16_t{0});
}

}  // namespace spillway::frame::parquet
