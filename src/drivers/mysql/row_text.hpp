#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "drivers/mysql/encode.hpp"
#include "engine/connection.hpp"
#include "engine/result.hpp"

namespace spillway::drivers::mysql {

/// The rows of an input as text, pulled from the engine as they are asked for.
class RowText {
 public:
  enum class Form {
    lines,   ///< fields between tabs, as LOAD DATA reads them
    tuples,  ///< (…),(…) as INSERT has them behind VALUES
  };
  /// `report` is told the number of rows each time that `batch` more were made.
  RowText(engine::ResultStream stream, const std::vector<ColumnWriter>& writers, Form form, std::uint64_t batch,
          std::function<void(std::uint64_t)> report)
      : m_stream(std::move(stream)), m_writers(writers), m_form(form), m_batch(batch), m_report(std::move(report)) {}

  /// The next rows, up to about that many bytes; empty at the end.
  std::string take(std::size_t bytes);
  std::uint64_t rows() const { return m_rows; }
  std::uint64_t bytes() const { return m_bytes; }

 private:
  bool next_chunk();
  void append_row(std::string& text);
  void append_cell(std::size_t column, std::string& text) const;
  void append_tuple_cell(std::size_t column, std::string& text) const;

  engine::ResultStream m_stream;
  const std::vector<ColumnWriter>& m_writers;
  Form m_form;
  std::uint64_t m_batch;
  std::function<void(std::uint64_t)> m_report;
  std::optional<engine::Chunk> m_chunk;
  bool m_is_over = false;
  std::uint64_t m_row = 0;  ///< in the chunk
  std::uint64_t m_rows = 0;
  std::uint64_t m_bytes = 0;
};

}  // namespace spillway::drivers::mysql
