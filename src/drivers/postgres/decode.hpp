#pragma once

#include <optional>

#include "drivers/postgres/column_type.hpp"

/// PostgreSQL's binary forms as cells of the engine's vectors. Each function throws bad_data on bytes that are not
/// what they should be, and on values that the engine's type cannot hold.
namespace spillway::drivers::postgres {

/// The way to read a type of PostgreSQL in its binary form.
struct NativeType {
  Oid oid = 0;
  Oid array_oid = 0;
  engine::TypeId type = engine::TypeId::varchar;
  ColumnReader::Decode decode = nullptr;
};
/// Nothing for types that are read as text.
const NativeType* find_native_type(Oid oid);
/// The element's type of a built-in array.
const NativeType* find_native_element(Oid array_oid);

void decode_list(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector, std::uint64_t row);
void decode_text(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector, std::uint64_t row);
void decode_checked_text(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector,
                         std::uint64_t row);
void decode_double(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector,
                   std::uint64_t row);

}  // namespace spillway::drivers::postgres
