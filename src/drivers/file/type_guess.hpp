#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "drivers/file/text_kind.hpp"
#include "engine/type.hpp"

namespace spillway::drivers::file {

/// The type of a column whose cells are texts, guessed from some of them: the narrowest that keeps every one as it is
/// written, apart from blanks and zeros behind a decimal point. Without cells, or with cells of several kinds,
/// VARCHAR.
class TypeGuess {
 public:
  explicit TypeGuess(char decimal_separator = '.') : m_decimal_separator(decimal_separator) {}

  /// A cell that is not NULL. Empty texts are what files in which everything is quoted hold instead of NULL: they do
  /// not decide.
  void observe(std::string_view text);
  engine::Type type() const;
  /// Whether there were nan and infinite values only, which among texts are words.
  bool is_not_a_number() const { return has_only({Kind::not_a_number}); }
  bool has_empty_texts() const { return m_has_empty; }
  /// Whether the integers are so small that a column of DOUBLE holds them, and more, exactly.
  bool fits_double() const;

 private:
  bool has_only(std::initializer_list<Kind> kinds) const;
  bool has(Kind kind) const { return (m_kinds & bit(kind)) != 0; }
  static std::uint32_t bit(Kind kind) { return std::uint32_t{1} << static_cast<unsigned>(kind); }
  engine::Type integer_type() const;
  engine::Type timestamp_type() const;

  char m_decimal_separator;
  bool m_has_empty = false;
  std::uint32_t m_kinds = 0;
  std::uint32_t m_integer_digits = 0;
  std::uint32_t m_significant_digits = 0;
  std::uint32_t m_fraction_digits = 0;
  bool m_beyond_bigint = false;
  bool m_beyond_hugeint = false;
  bool m_beyond_nanoseconds = false;
};

}  // namespace spillway::drivers::file
