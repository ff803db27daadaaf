#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/postgres/server_connection.hpp"
#include "engine/type.hpp"
#include "engine/vector.hpp"

namespace spillway::drivers::postgres {

/// What becomes of numbers that no DECIMAL of the engine holds by its nature: chosen by the step, never guessed.
struct NumericPolicy {
  enum class Unbounded { decimal, text, double_ };
  Unbounded unbounded = Unbounded::decimal;  ///< NUMERIC without a precision, or with one beyond 38
  std::uint8_t width = 38;                   ///< of Unbounded::decimal
  std::uint8_t scale = 10;
  bool special_is_null = false;  ///< NaN and the infinities of a NUMERIC become NULL; otherwise they are an error
};

/// Reads the option: "text", "double" or "decimal(p,s)". The scheme of the option was checked.
NumericPolicy numeric_policy(std::string_view unbounded, bool special_is_null);

/// How a column of a result gets into the engine.
struct ColumnReader {
  using Decode = void (*)(const ColumnReader& reader, const sql::Cells& cells, engine::VectorWriter& vector,
                          std::uint64_t row);
  std::string name;
  engine::Type type;
  std::string cast;  ///< what the server is to cast the column to, such as "text"; empty: nothing
  Decode decode = nullptr;
  bool special_is_null = false;
  std::vector<ColumnReader> elements;  ///< of an array: one
};

/// Finds out how to read these columns. Types that are not known here are read as text; `connection` is asked which
/// of them are arrays.
std::vector<ColumnReader> column_readers(const std::vector<ServerColumn>& columns, const NumericPolicy& policy,
                                         ServerConnection& connection);

/// Makes the readers refuse texts that are not UTF-8: a database of the encoding SQL_ASCII does not know what it
/// holds.
void check_texts(std::vector<ColumnReader>& readers);

}  // namespace spillway::drivers::postgres
