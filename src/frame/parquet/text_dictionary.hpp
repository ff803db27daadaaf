#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/vector.hpp"

namespace spillway::frame::parquet {

/// The different texts of a column, as long as they are few: each has a number, in the order in which they came.
class TextDictionary {
 public:
  static constexpr std::size_t k_max_texts = 4096;
  static constexpr std::size_t k_max_bytes = std::size_t{256} * 1024;

  TextDictionary() : m_slots(k_slots) {}

  /// The number of a text, which is added when it is new; nothing when there is no room for it.
  std::optional<std::uint16_t> number_of(const engine::StringCell& cell);
  std::string_view text(std::uint16_t number) const { return m_texts[number].view(); }
  std::size_t size() const { return m_texts.size(); }
  void clear();

 private:
  static constexpr unsigned k_slot_bits = 14;
  static constexpr std::size_t k_slots = std::size_t{1} << k_slot_bits;
  /// A text that is not found this soon has no room: whoever makes texts that collide must not make them slow.
  static constexpr std::size_t k_max_probes = 64;

  std::optional<std::uint16_t> add(const engine::StringCell& cell, std::uint16_t& slot);

  std::vector<engine::StringCell> m_texts;
  std::vector<std::uint16_t> m_slots;  ///< numbers + 1; 0: free
  std::deque<std::string> m_long_texts;
  std::size_t m_bytes = 0;
};

}  // namespace spillway::frame::parquet
