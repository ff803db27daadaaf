#include "drivers/file/csv_records.hpp"

#include <algorithm>

#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

/// The text of a field as the engine reads it: blanks around quotes are dropped, quotes inside are unescaped.
std::string unquoted(std::string_view field, const CsvFormat& format) {
  const std::string_view trimmed = trim(field);
  if (format.quote.empty() || !trimmed.starts_with(format.quote)) return std::string(field);
  std::string text;
  for (std::size_t at = format.quote.size(); at < trimmed.size();) {
    const std::string_view rest = trimmed.substr(at);
    const std::string_view behind_escape =
        rest.starts_with(format.escape) ? rest.substr(format.escape.size()) : std::string_view();
    if (behind_escape.starts_with(format.quote)) {
      text += format.quote;
      at += format.escape.size() + format.quote.size();
    } else if (rest.starts_with(format.quote)) {
      break;
    } else {
      text += rest.front();
      ++at;
    }
  }
  return text;
}

}  // namespace

bool CsvRecords::next() {
  while (m_at < m_text.size() && take_line_end()) ++m_rows;
  if (m_at >= m_text.size()) return false;
  m_start = m_at;
  m_record_line = m_line;
  ++m_rows;
  m_is_closed = true;
  for (pass_field(); m_at < m_text.size() && !is_at_line_end(); pass_field()) m_at += m_format.delimiter.size();
  m_end = m_at;
  if (m_at < m_text.size()) take_line_end();
  return true;
}

bool CsvRecords::next_behind(std::uint64_t count) {
  while (next()) {
    if (rows_in_front() >= count) return true;
  }
  return false;
}

std::vector<std::string> CsvRecords::fields() const {
  std::vector<std::string> fields;
  CsvRecords record(text(), m_format);
  for (;;) {
    const std::size_t start = record.m_at;
    record.pass_field();
    fields.push_back(unquoted(record.m_text.substr(start, record.m_at - start), m_format));
    if (record.m_at >= record.m_text.size()) return fields;
    record.m_at += m_format.delimiter.size();
  }
}

std::optional<std::size_t> CsvRecords::broken_field() const {
  CsvRecords record(text(), m_format);
  for (std::size_t field = 0;; ++field) {
    record.pass_field();
    if (!record.m_is_field_whole) return field;
    if (record.m_at >= record.m_text.size()) return std::nullopt;
    record.m_at += m_format.delimiter.size();
  }
}

/// Ends at the delimiter or line end behind the field.
void CsvRecords::pass_field() {
  const std::size_t first = std::min(m_text.find_first_not_of(' ', m_at), m_text.size());
  const bool is_quoted = !m_format.quote.empty() && m_text.substr(first).starts_with(m_format.quote);
  if (is_quoted) {
    m_at = first + m_format.quote.size();
    pass_quoted();
  }
  const std::size_t behind_quotes = m_at;
  while (m_at < m_text.size() && !is_at_line_end() && !is_at(m_format.delimiter)) ++m_at;
  const std::string_view rest = m_text.substr(behind_quotes, m_at - behind_quotes);
  m_is_field_whole = !is_quoted || (m_is_closed && trim(rest).empty());
}

/// From behind the opening quote to behind the closing one.
void CsvRecords::pass_quoted() {
  while (m_at < m_text.size()) {
    const std::size_t behind_escape = m_at + m_format.escape.size();
    if (is_at(m_format.escape) && m_text.substr(behind_escape).starts_with(m_format.quote)) {
      m_at = behind_escape + m_format.quote.size();
    } else if (is_at(m_format.quote)) {
      m_at += m_format.quote.size();
      return;
    } else if (!take_line_end()) {
      ++m_at;
    }
  }
  m_is_closed = false;
}

bool CsvRecords::take_line_end() {
  if (m_text[m_at] == '\r') {
    m_at += m_text.substr(m_at + 1).starts_with('\n') ? 2 : 1;
  } else if (m_text[m_at] == '\n') {
    ++m_at;
  } else {
    return false;
  }
  ++m_line;
  return true;
}

}  // namespace spillway::drivers::file
