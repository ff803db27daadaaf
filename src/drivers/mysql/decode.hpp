#pragma once

#include <cstring>

#include "drivers/mysql/column_type.hpp"

/// The forms of MySQL's binary protocol as cells of the engine's vectors. Each function throws bad_data on bytes that
/// are not what they should be, and on values that the engine's type cannot hold.
namespace spillway::drivers::mysql {

void expect_size(std::string_view bytes, std::size_t size);

/// Integers and floats: both sides have them in the machine's own form.
template <typename T>
void decode_integer(const ColumnReader&, std::string_view bytes, engine::VectorWriter& vector, std::uint64_t row) {
  expect_size(bytes, sizeof(T));
  T value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  vector.set(row, value);
}

void decode_boolean(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector,
                    std::uint64_t row);
/// VARCHAR and BLOB. The server converts texts to the connection's character set, which is UTF-8.
void decode_bytes(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector,
                  std::uint64_t row);
void decode_decimal(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector,
                    std::uint64_t row);
void decode_decimal_as_double(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector,
                              std::uint64_t row);
void decode_bit(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector, std::uint64_t row);
void decode_date(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector, std::uint64_t row);
void decode_timestamp(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector,
                      std::uint64_t row);
void decode_time(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector, std::uint64_t row);
void decode_interval(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector,
                     std::uint64_t row);
void decode_uuid(const ColumnReader& reader, std::string_view bytes, engine::VectorWriter& vector, std::uint64_t row);

}  // namespace spillway::drivers::mysql
