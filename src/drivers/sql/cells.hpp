#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/vector.hpp"

namespace spillway::drivers::sql {

/// One field of a row, in the server's binary form.
struct Field {
  const char* data = nullptr;  ///< null: NULL
  std::uint32_t length = 0;

  bool is_null() const { return data == nullptr; }
  std::string_view bytes() const { return {data, length}; }
};

/// Fields of one column, of rows that follow each other.
class Cells {
 public:
  Cells(const Field& first, std::size_t count, std::size_t stride)
      : m_first(&first), m_count(count), m_stride(stride) {}
  /// One by itself.
  explicit Cells(const Field& only) : Cells(only, 1, 1) {}

  std::size_t count() const { return m_count; }
  const Field& operator[](std::size_t index) const { return m_first[index * m_stride]; }

 private:
  const Field* m_first;
  std::size_t m_count;
  std::size_t m_stride;
};

/// Rows that were taken apart: as many at a time as stay in the processor's cache until each column is decoded.
class RowBatch {
 public:
  static constexpr std::size_t k_capacity = 64;

  explicit RowBatch(std::size_t columns) : m_columns(columns), m_fields(columns * k_capacity) {}

  std::span<Field> row(std::size_t row) { return std::span(m_fields).subspan(row * m_columns, m_columns); }
  Cells column(std::size_t column, std::size_t first_row, std::size_t rows) const {
    return {m_fields[first_row * m_columns + column], rows, m_columns};
  }

 private:
  std::size_t m_columns;
  std::vector<Field> m_fields;
};

template <auto Decode>
struct EachCell;
template <typename Column, void (*Decode)(const Column& column, std::string_view bytes, engine::VectorWriter& vector,
                                          std::uint64_t row)>
struct EachCell<Decode> {
  static void decode(const Column& column, const Cells& cells, engine::VectorWriter& vector, std::uint64_t row) {
    for (std::size_t i = 0; i < cells.count(); ++i) {
      const Field& field = cells[i];
      if (field.is_null()) {
        vector.set_null(row + i);
      } else {
        Decode(column, field.bytes(), vector, row + i);
      }
    }
  }
};

/// The function that decodes cells from `row` on, made of the one that decodes a cell which is not NULL: so that is
/// called through a pointer, with all that the compiler cannot know then, once for many cells.
template <auto Decode>
constexpr auto k_each = EachCell<Decode>::decode;

}  // namespace spillway::drivers::sql
