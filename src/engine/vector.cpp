#include "engine/vector.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <duckdb.h>

#include "engine/handles.hpp"
#include "engine/result.hpp"

namespace spillway::engine {
namespace {

static_assert(sizeof(StringCell) == sizeof(duckdb_string_t));
static_assert(sizeof(ListEntry) == sizeof(duckdb_list_entry));
static_assert(sizeof(Interval) == sizeof(duckdb_interval));
static_assert(sizeof(Int128) == sizeof(duckdb_hugeint));

constexpr std::uint8_t k_max_width_int16 = 4;
constexpr std::uint8_t k_max_width_int32 = 9;
constexpr std::uint8_t k_max_width_int64 = 18;
constexpr std::size_t k_max_uint8_dictionary = 256;
constexpr std::size_t k_max_uint16_dictionary = 65536;
constexpr std::size_t k_max_shared_text_bytes = 512;
constexpr std::size_t k_min_text_piece_bytes = 1024;
constexpr std::size_t k_max_text_piece_bytes = std::size_t{16} * 1024;

Type entry_type(const Type& map) { return Type::structure({"key", "value"}, {map.children[0], map.children[1]}); }

/// The types of the child vectors that DuckDB gives a vector of this type.
std::vector<Type> child_types(const Type& type) {
  switch (type.id) {
    case TypeId::list:
    case TypeId::array:
    case TypeId::struct_:
      return type.children;
    case TypeId::map:
      return {entry_type(type)};
    case TypeId::union_: {
      std::vector<Type> types{Type(TypeId::utinyint)};
      types.insert(types.end(), type.children.begin(), type.children.end());
      return types;
    }
    default:
      return {};
  }
}

duckdb_vector child_vector(duckdb_vector vector, TypeId parent, std::size_t index) {
  switch (parent) {
    case TypeId::list:
    case TypeId::map:
      return duckdb_list_vector_get_child(vector);
    case TypeId::array:
      return duckdb_array_vector_get_child(vector);
    default:
      return duckdb_struct_vector_get_child(vector, index);
  }
}

}  // namespace

VectorView::VectorView(duckdb_vector vector, const Type& type)
    : m_type(&type),
      m_data(duckdb_vector_get_data(vector)),
      m_validity(duckdb_vector_get_validity(vector)),
      m_child_types(child_types(type)) {
  m_children.reserve(m_child_types.size());
  for (std::size_t i = 0; i < m_child_types.size(); ++i) {
    m_children.emplace_back(child_vector(vector, type.id, i), m_child_types[i]);
  }
}

Int128 VectorView::integer(std::uint64_t row) const {
  switch (m_type->id) {
    case TypeId::tinyint:
      return get<std::int8_t>(row);
    case TypeId::smallint:
      return get<std::int16_t>(row);
    case TypeId::integer:
    case TypeId::date:
      return get<std::int32_t>(row);
    case TypeId::utinyint:
      return get<std::uint8_t>(row);
    case TypeId::usmallint:
      return get<std::uint16_t>(row);
    case TypeId::uinteger:
      return get<std::uint32_t>(row);
    case TypeId::ubigint:
      return get<std::uint64_t>(row);
    case TypeId::hugeint:
    case TypeId::uuid:
    case TypeId::uhugeint:
      return get<Int128>(row);
    case TypeId::decimal:
      if (m_type->width <= k_max_width_int16) return get<std::int16_t>(row);
      if (m_type->width <= k_max_width_int32) return get<std::int32_t>(row);
      if (m_type->width <= k_max_width_int64) return get<std::int64_t>(row);
      return get<Int128>(row);
    default:
      return get<std::int64_t>(row);
  }
}

std::uint32_t VectorView::enum_index(std::uint64_t row) const {
  if (m_type->names.size() < k_max_uint8_dictionary) return get<std::uint8_t>(row);
  if (m_type->names.size() < k_max_uint16_dictionary) return get<std::uint16_t>(row);
  return get<std::uint32_t>(row);
}

VectorWriter::VectorWriter(duckdb_vector vector, const Type& type)
    : m_vector(vector), m_type(&type), m_child_types(child_types(type)) {
  m_children.reserve(m_child_types.size());
  for (std::size_t i = 0; i < m_child_types.size(); ++i) {
    m_children.emplace_back(child_vector(vector, type.id, i), m_child_types[i]);
  }
  refresh();
}

void VectorWriter::refresh() {
  m_data = duckdb_vector_get_data(m_vector);
  m_validity = duckdb_vector_get_validity(m_vector);
  for (VectorWriter& child : m_children) child.refresh();
}

void VectorWriter::set_null(std::uint64_t row) {
  if (m_validity == nullptr) {
    duckdb_vector_ensure_validity_writable(m_vector);
    m_validity = duckdb_vector_get_validity(m_vector);
  }
  duckdb_validity_set_row_invalid(m_validity, row);
  // DuckDB expects the members of a NULL struct to be NULL too.
  if (m_type->id == TypeId::struct_) {
    for (VectorWriter& member : m_children) member.set_null(row);
  }
  if (m_type->id == TypeId::list || m_type->id == TypeId::map) set<ListEntry>(row, {});
}

/// The vector's memory is taken in pieces, as taking some for each text costs more than copying the text does. The
/// one way to get a piece is a text of its size, in the cell that is being written.
void VectorWriter::set_long_text(std::uint64_t row, std::string_view text) {
  static constexpr std::array<char, k_max_text_piece_bytes> k_blank{};
  const auto assign = [&](const char* data, std::size_t bytes) {
    duckdb_unsafe_vector_assign_string_element_len(m_vector, row, data, bytes);
  };
  if (text.size() > k_max_shared_text_bytes) return assign(text.data(), text.size());
  StringCell& cell = static_cast<StringCell*>(m_data)[row];
  if (text.size() > m_text_room_bytes) {
    m_text_piece_bytes = std::clamp(2 * m_text_piece_bytes, k_min_text_piece_bytes, k_max_text_piece_bytes);
    assign(k_blank.data(), m_text_piece_bytes);
    m_text_room = cell.elsewhere();
    m_text_room_bytes = m_text_piece_bytes;
  }
  std::memcpy(m_text_room, text.data(), text.size());
  cell.set_elsewhere({m_text_room, text.size()});
  m_text_room += text.size();
  m_text_room_bytes -= text.size();
}

void VectorWriter::set_decimal(std::uint64_t row, Int128 unscaled) {
  if (m_type->width <= k_max_width_int16) {
    set(row, static_cast<std::int16_t>(unscaled));
  } else if (m_type->width <= k_max_width_int32) {
    set(row, static_cast<std::int32_t>(unscaled));
  } else if (m_type->width <= k_max_width_int64) {
    set(row, static_cast<std::int64_t>(unscaled));
  } else {
    set(row, unscaled);
  }
}

void VectorWriter::set_enum(std::uint64_t row, std::uint32_t index) {
  if (m_type->names.size() < k_max_uint8_dictionary) {
    set(row, static_cast<std::uint8_t>(index));
  } else if (m_type->names.size() < k_max_uint16_dictionary) {
    set(row, static_cast<std::uint16_t>(index));
  } else {
    set(row, index);
  }
}

std::uint64_t VectorWriter::append_list(std::uint64_t row, std::uint64_t length) {
  const std::uint64_t offset = duckdb_list_vector_get_size(m_vector);
  duckdb_list_vector_reserve(m_vector, offset + length);
  duckdb_list_vector_set_size(m_vector, offset + length);
  for (VectorWriter& child : m_children) child.refresh();
  set(row, ListEntry{offset, length});
  return offset;
}

ChunkWriter::ChunkWriter(duckdb_data_chunk chunk, const Schema& schema) : m_chunk(chunk) {
  m_columns.reserve(schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    m_columns.emplace_back(duckdb_data_chunk_get_vector(chunk, i), schema[i].type);
  }
}

std::uint64_t ChunkWriter::share(const Chunk& chunk) {
  for (std::size_t i = 0; i < m_columns.size(); ++i) {
    duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(m_chunk, i),
                                   duckdb_data_chunk_get_vector(chunk.m_handle, i));
  }
  return chunk.row_count();
}

std::uint64_t ChunkWriter::capacity() { return duckdb_vector_size(); }

}  // namespace spillway::engine
