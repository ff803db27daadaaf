#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/postgres/target_table.hpp"
#include "engine/vector.hpp"
#include "util/error.hpp"

/// Cells of the engine's vectors as PostgreSQL's binary forms.
namespace spillway::drivers::postgres {

/// How a column of the input gets into a column of the table: exactly, or with an error that names the first value
/// that does not fit.
struct ColumnWriter {
  /// Appends the cell, which is not NULL, without its length.
  using Encode = void (*)(const ColumnWriter& writer, const engine::VectorView& vector, std::uint64_t row,
                          std::string& bytes);
  std::string name;    ///< of the table's column
  std::string type;    ///< in the server's words
  std::string select;  ///< the engine's SQL that reads it from the input
  Encode encode = nullptr;
  std::optional<int> scale;        ///< of a NUMERIC that declares one: what is behind it would be rounded
  bool is_staged_as_text = false;  ///< the server casts it, on the way from the staging table
  Oid element_type = 0;
  std::vector<ColumnWriter> elements;  ///< of an array: one
};

/// Fails where values of the input's type would change in that column: with the two types, and what to do.
Result<ColumnWriter> column_writer(const engine::Column& source, const TableColumn& target);

/// Appends one field with its length, or the mark of a NULL.
void append_field(const ColumnWriter& writer, const engine::VectorView& vector, std::uint64_t row,
                  std::string& bytes);

}  // namespace spillway::drivers::postgres
