#include "drivers/mysql/row_text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace spillway::drivers::mysql {

bool RowText::next_chunk() {
  while (!m_is_over && (!m_chunk || m_row == m_chunk->row_count())) {
    m_chunk.reset();
    auto chunk = m_stream.next();
    m_is_over = !chunk;  // asking again would be an error
    if (m_is_over) break;
    m_chunk.emplace(*std::move(chunk));
    m_row = 0;
  }
  return !m_is_over;
}

void RowText::append_cell(std::size_t column, std::string& text) const {
  const ColumnWriter& writer = m_writers[column];
  const engine::VectorView& vector = m_chunk->column(column);
  try {
    if (!vector.is_null(m_row)) return writer.encode(writer, vector, m_row, text);
    if (writer.is_key) fail(ErrorCode::bad_data, "it is NULL, and primary_key names it");
    text += m_form == Form::lines ? "\\N" : "NULL";
  } catch (const Exception& exception) {
    Error error = exception.error();
    error.message = fmt::format("column '{}', row {}: {}", writer.name, m_rows + 1, error.message);
    error.hint = writer.is_key && vector.is_null(m_row)
                     ? "filter such rows out in a duckdb.processor step, or give them a key"
                     : "on_schema_change: evolve widens columns; or convert it in a duckdb.processor step";
    fail(std::move(error));
  }
}

void RowText::append_tuple_cell(std::size_t column, std::string& text) const {
  const ColumnWriter& writer = m_writers[column];
  if (m_chunk->column(column).is_null(m_row)) return append_cell(column, text);
  std::string literal = "'";
  append_cell(column, literal);
  literal += '\'';
  text += writer.expression.empty() ? literal : fmt::format(fmt::runtime(writer.expression), literal);
}

void RowText::append_row(std::string& text) {
  for (std::size_t i = 0; i < m_writers.size(); ++i) {
    if (m_form == Form::lines) {
      if (i > 0) text += '\t';
      append_cell(i, text);
    } else {
      text += i > 0 ? ',' : '(';
      append_tuple_cell(i, text);
    }
  }
  text += m_form == Form::lines ? '\n' : ')';
  ++m_row;
  if (++m_rows % m_batch == 0) m_report(m_rows);
}

std::string RowText::take(std::size_t bytes) {
  std::string text;
  text.reserve(bytes + bytes / 4);
  while (text.size() < bytes && next_chunk()) {
    if (m_form == Form::tuples && !text.empty()) text += ',';
    append_row(text);
  }
  m_bytes += text.size();
  return text;
}

}  // namespace spillway::drivers::mysql
