#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/codes.hpp"
#include "util/error.hpp"

namespace spillway::pipeline {

/// A value, or every error that its text holds, sorted by place.
template <typename T>
using Diagnosed = tl::expected<T, std::vector<Error>>;
using Diagnosis = tl::unexpected<std::vector<Error>>;

/// A place in a document; both count from 1, columns in characters.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// The replacement of a value or key that stands at a place.
TextFix fix_at(Position position, std::string old_text, std::string new_text);

/// Collects what is wrong with one document, so that its author sees all of it at once.
class Diagnostics {
 public:
  explicit Diagnostics(std::string file_name) : m_file_name(std::move(file_name)) {}

  /// The document, its lines ended by \n: errors show their line of it, and fixes are checked against it.
  void set_source(std::string text) { m_source = std::move(text); }
  const std::string& source() const { return m_source; }
  /// The error stays in place until the next call; a fix may be added to it.
  Error& add(Code code, Position position, std::string message, std::string hint = {});
  /// Masks a secret wherever an error would show it.
  void hide(std::string secret);
  /// Where a word next stands in the source from a place on; the place itself when it does not.
  Position find_word(Position from, std::string_view word) const;
  bool empty() const { return m_errors.empty(); }
  /// The errors in the order of their places; leaves none behind. A fix whose old text is not at its place (it came
  /// from an alias or a parameter, or is written with escapes) is dropped.
  std::vector<Error> take();

 private:
  void add_source_lines();

  std::string m_file_name;
  std::string m_source;
  std::vector<std::string> m_hidden;
  std::vector<Error> m_errors;
};

}  // namespace spillway::pipeline
