#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/file/csv_format.hpp"

namespace spillway::drivers::file {

/// Walks over the records of a CSV text as the engine does, for what the engine does not tell: the names in a header,
/// and the line of a row.
class CsvRecords {
 public:
  /// Both outlive this.
  CsvRecords(std::string_view text, const CsvFormat& format) : m_text(text), m_format(format) {}

  /// Goes to the next record, blank lines passed over; false at the end.
  bool next();
  /// Goes to the first record with at least `count` records and blank lines in front of it.
  bool next_behind(std::uint64_t count);

  /// Of the current record: its text without the line end.
  std::string_view text() const { return m_text.substr(m_start, m_end - m_start); }
  /// Its first line, counted from 1.
  std::uint64_t line() const { return m_record_line; }
  /// How many records and blank lines are in front of it, which is what the engine's option `skip` counts.
  std::uint64_t rows_in_front() const { return m_rows - 1; }
  /// False when a quoted field runs to the end of the text.
  bool is_closed() const { return m_is_closed; }
  std::vector<std::string> fields() const;
  /// The first field with a quote that is never closed, or closed before the field ends.
  std::optional<std::size_t> broken_field() const;
  /// How the record ends: "\n", "\r\n", "\r", or "" at the end of the text.
  std::string_view line_end() const { return m_text.substr(m_end, m_at - m_end); }

 private:
  void pass_field();
  void pass_quoted();
  bool take_line_end();
  bool is_at(std::string_view token) const { return m_text.substr(m_at).starts_with(token); }
  bool is_at_line_end() const { return m_text[m_at] == '\n' || m_text[m_at] == '\r'; }

  std::string_view m_text;
  const CsvFormat& m_format;
  std::size_t m_at = 0;
  std::uint64_t m_line = 1;
  std::size_t m_start = 0;
  std::size_t m_end = 0;
  std::uint64_t m_record_line = 0;
  std::uint64_t m_rows = 0;
  bool m_is_closed = true;
  bool m_is_field_whole = true;
};

}  // namespace spillway::drivers::file
