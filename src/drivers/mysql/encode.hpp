#pragma once

#include <string>
#include <vector>

#include "drivers/mysql/target_table.hpp"
#include "engine/vector.hpp"
#include "util/error.hpp"

/// Cells of the engine's vectors as the texts that LOAD DATA reads. Between quotes the same texts are literals of
/// SQL.
namespace spillway::drivers::mysql {

/// How a column of the input gets into a column of the table: exactly, or with an error that names the first value
/// that does not fit. What only the server can know (the length of a text, its character set) is left to it.
struct ColumnWriter {
  /// Appends the cell, which is not NULL.
  using Encode = void (*)(const ColumnWriter& writer, const engine::VectorView& vector, std::uint64_t row,
                          std::string& text);
  std::string name;        ///< of the table's column
  std::string type;        ///< in the server's words
  std::string select;      ///< the engine's SQL that reads it from the input
  std::string expression;  ///< what the server makes of the text {}: "UNHEX({})"; empty: the text itself
  Encode encode = nullptr;
  bool is_key = false;       ///< then it is not NULL
  bool is_padded = false;    ///< CHAR: the server takes blanks at the end for its own
  int scale = 0;             ///< of a DECIMAL or of seconds: what is behind it would be rounded
  engine::Int128 least = 0;  ///< of integers
  engine::Int128 greatest = 0;
};

/// Fails where values of the input's type would change in that column: with the two types, and what to do.
Result<ColumnWriter> column_writer(const engine::Column& source, const TableColumn& target);

/// Appends `bytes` so that LOAD DATA, or a literal between quotes, has them as they are.
void append_escaped(std::string_view bytes, std::string& text);

}  // namespace spillway::drivers::mysql
