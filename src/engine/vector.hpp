#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/type.hpp"

struct _duckdb_vector;
struct _duckdb_data_chunk;

namespace spillway::engine {

class Chunk;

/// A VARCHAR or BLOB cell as DuckDB lays it out: a length, then up to 12 bytes in place or, for longer texts, their
/// first 4 bytes and a pointer to all of them.
class StringCell {
 public:
  static constexpr std::uint32_t k_inline_bytes = 12;

  std::uint32_t length() const { return m_length; }
  std::string_view view() const { return {m_length <= k_inline_bytes ? m_bytes : elsewhere(), m_length}; }
  /// `text` must be at most k_inline_bytes long. The bytes behind it become zero.
  void set_in_place(std::string_view text) {
    *this = {};
    m_length = static_cast<std::uint32_t>(text.size());
    // Pieces of a fixed size, which may overlap, as a call to copy a few bytes costs more than they do.
    const char* const data = text.data();
    const std::size_t size = text.size();
    if (size >= k_piece) {
      std::memcpy(m_bytes, data, k_piece);
      if (size > 2 * k_piece) std::memcpy(m_bytes + k_piece, data + k_piece, k_piece);
      std::memcpy(m_bytes + size - k_piece, data + size - k_piece, k_piece);
    } else if (size > 0) {
      m_bytes[0] = data[0];
      m_bytes[size / 2] = data[size / 2];
      m_bytes[size - 1] = data[size - 1];
    }
  }
  /// Where the bytes of a longer text are.
  char* elsewhere() const {
    char* data = nullptr;
    std::memcpy(&data, m_bytes + k_pointer_offset, sizeof data);
    return data;
  }
  /// `text` must be longer than k_inline_bytes, and stay where it is as long as the cell is used.
  void set_elsewhere(std::string_view text) {
    m_length = static_cast<std::uint32_t>(text.size());
    const char* const data = text.data();
    std::memcpy(m_bytes, data, k_pointer_offset);
    std::memcpy(m_bytes + k_pointer_offset, &data, sizeof data);
  }

 private:
  static constexpr std::size_t k_pointer_offset = 4;
  static constexpr std::size_t k_piece = 4;
  std::uint32_t m_length = 0;
  alignas(4) char m_bytes[k_inline_bytes] = {};
};

/// Read access to one column of a chunk, valid as long as the chunk. Row numbers count from 0 in the vector; those of
/// a list's child are the entry's offset to offset + length.
class VectorView {
 public:
  VectorView(_duckdb_vector* vector, const Type& type);
  VectorView(VectorView&&) noexcept = default;
  VectorView& operator=(VectorView&&) = delete;
  ~VectorView() = default;

  const Type& type() const { return *m_type; }
  /// False: none of the cells is NULL.
  bool may_have_nulls() const { return m_validity != nullptr; }
  bool is_null(std::uint64_t row) const {
    return m_validity != nullptr && ((m_validity[row / 64] >> (row % 64)) & 1U) == 0;
  }
  /// The cell as the C++ type that TypeId names; undefined for a NULL.
  template <typename T>
  T get(std::uint64_t row) const {
    return static_cast<const T*>(m_data)[row];
  }
  /// VARCHAR or BLOB; the bytes belong to the chunk.
  const StringCell& text_cell(std::uint64_t row) const { return static_cast<const StringCell*>(m_data)[row]; }
  std::string_view text(std::uint64_t row) const { return text_cell(row).view(); }
  ListEntry list_entry(std::uint64_t row) const { return get<ListEntry>(row); }
  /// A list's, map's or array's elements (0), a struct's member, a union's tag (0) and members (from 1).
  const VectorView& child(std::size_t index = 0) const { return m_children[index]; }
  /// DECIMAL of any width and integer of any type as the unscaled integer.
  Int128 integer(std::uint64_t row) const;
  /// ENUM: the index into type().names.
  std::uint32_t enum_index(std::uint64_t row) const;

 private:
  const Type* m_type;
  const void* m_data = nullptr;
  const std::uint64_t* m_validity = nullptr;
  std::vector<VectorView> m_children;
  std::vector<Type> m_child_types;  ///< of what has no type of its own: a map's entries, a union's tag
};

/// Write access to one column of a chunk that a ChunkSource fills. Cells are written once, in any order.
class VectorWriter {
 public:
  VectorWriter(_duckdb_vector* vector, const Type& type);
  VectorWriter(VectorWriter&&) noexcept = default;
  VectorWriter& operator=(VectorWriter&&) = delete;
  ~VectorWriter() = default;

  const Type& type() const { return *m_type; }
  template <typename T>
  void set(std::uint64_t row, T value) {
    static_cast<T*>(m_data)[row] = value;
  }
  void set_null(std::uint64_t row);
  /// VARCHAR or BLOB. A VARCHAR's bytes must be UTF-8: they are not checked here.
  void set_text(std::uint64_t row, std::string_view text) {
    if (text.size() <= StringCell::k_inline_bytes) {
      static_cast<StringCell*>(m_data)[row].set_in_place(text);
    } else {
      set_long_text(row, text);
    }
  }
  /// DECIMAL of any width: the unscaled integer.
  void set_decimal(std::uint64_t row, Int128 unscaled);
  void set_enum(std::uint64_t row, std::uint32_t index);
  /// Appends `length` elements to the child and makes them the list (or map) of `row`; returns the offset of the
  /// first. Pointers into the child are renewed.
  std::uint64_t append_list(std::uint64_t row, std::uint64_t length);
  VectorWriter& child(std::size_t index = 0) { return m_children[index]; }

 private:
  void refresh();
  void set_long_text(std::uint64_t row, std::string_view text);

  _duckdb_vector* m_vector;
  const Type* m_type;
  void* m_data = nullptr;
  std::uint64_t* m_validity = nullptr;
  char* m_text_room = nullptr;  ///< of the vector's memory, for texts to come
  std::size_t m_text_room_bytes = 0;
  std::size_t m_text_piece_bytes = 0;  ///< that were taken at a time
  std::vector<VectorWriter> m_children;
  std::vector<Type> m_child_types;
};

/// A batch of rows that a ChunkSource fills: at most capacity() rows.
class ChunkWriter {
 public:
  ChunkWriter(_duckdb_data_chunk* chunk, const Schema& schema);
  static std::uint64_t capacity();
  VectorWriter& column(std::size_t index) { return m_columns[index]; }
  std::size_t column_count() const { return m_columns.size(); }
  /// Hands on a chunk of the same columns without copying it: both share its memory. Returns its number of rows.
  std::uint64_t share(const Chunk& chunk);

 private:
  _duckdb_data_chunk* m_chunk;
  std::vector<VectorWriter> m_columns;
};

}  // namespace spillway::engine
