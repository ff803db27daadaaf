#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/diagnostics.hpp"

namespace spillway::pipeline {

/// The text of a document as the YAML parser gets it: valid UTF-8 without byte order mark or control characters, its
/// lines ended by \n. Translates the parser's byte columns into the columns that editors show.
class SourceText {
 public:
  /// Empty, with the reason in `diagnostics`, when the text is no such text and cannot be made one.
  static std::optional<SourceText> make(std::string_view text, Diagnostics& diagnostics);

  const std::string& bytes() const { return m_bytes; }
  /// The line without its \n; empty beyond the last one. Lines and columns count from 0 here, as the parser's do.
  std::string_view line(std::size_t line) const;
  /// What follows a place, up to the end of the document.
  std::string_view rest(std::size_t line, std::size_t byte_column) const;
  Position position(std::size_t line, std::size_t byte_column) const;

 private:
  explicit SourceText(std::string bytes);

  std::string m_bytes;
  std::vector<std::size_t> m_line_starts;
  /// The last place asked for: places come in order, so a long line is counted once, not once a place.
  struct Place {
    std::size_t line = 0;
    std::size_t byte_column = 0;
    std::size_t column = 0;
  };
  mutable Place m_last;
};

}  // namespace spillway::pipeline
