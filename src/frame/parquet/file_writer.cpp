#include "frame/parquet/file_writer.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "frame/parquet/bits.hpp"
#include "frame/parquet/compact_writer.hpp"
#include "util/error.hpp"
#include "util/file.hpp"

namespace spillway::frame::parquet {
namespace {

using engine::Column;
using engine::Schema;

constexpr std::string_view k_magic = "PAR1";
constexpr std::uint64_t k_group_rows = 122'880;  ///< the engine's own, which it reads in parallel
constexpr std::size_t k_group_bytes = std::size_t{64} * 1024 * 1024;
/// Before compression: the engine reads up to 2,048 rows of a row group at once, however long they are.
constexpr std::size_t k_group_column_bytes = std::size_t{16} * 1024 * 1024;
constexpr std::uint64_t k_page_rows = 20'480;
constexpr std::size_t k_pending_bytes = std::size_t{8} * 1024 * 1024;  ///< of all columns: what is not in pages
constexpr int k_file_version = 2;

void append_logical_type(const Column& column, const ColumnFormat& format, CompactWriter& writer) {
  const LogicalType logical = *format.logical;
  writer.begin(10);
  writer.begin(static_cast<int>(logical));
  if (logical == LogicalType::decimal) {
    writer.i32(1, column.type.scale);
    writer.i32(2, column.type.width);
  }
  if (logical == LogicalType::time || logical == LogicalType::timestamp) {
    writer.boolean(1, format.is_utc);
    writer.begin(2);
    writer.begin(static_cast<int>(format.unit));
    writer.end();
    writer.end();
  }
  if (logical == LogicalType::integer) {
    writer.i8(1, static_cast<std::int8_t>(format.bits));
    writer.boolean(2, format.is_signed);
  }
  writer.end();
  writer.end();
}

/// Fields of SchemaElement.
void append_column(const Column& column, CompactWriter& writer) {
  const ColumnFormat format = format_of(column.type).value();
  writer.begin();
  writer.i32(1, static_cast<int>(format.physical));
  if (format.physical == PhysicalType::fixed_len_byte_array) writer.i32(2, k_wide_bytes);
  writer.i32(3, k_optional);
  writer.binary(4, column.name);
  if (format.converted) writer.i32(6, static_cast<int>(*format.converted));
  if (format.logical == LogicalType::decimal) {
    writer.i32(7, column.type.scale);
    writer.i32(8, column.type.width);
  }
  if (format.logical) append_logical_type(column, format, writer);
  writer.end();
}

void append_schema(const Schema& schema, CompactWriter& writer) {
  writer.list(2, CompactWriter::Element::structure, schema.size() + 1);
  writer.begin();
  writer.binary(4, "schema");
  writer.i32(5, static_cast<std::int64_t>(schema.size()));
  writer.end();
  for (const Column& column : schema) append_column(column, writer);
}

void append_statistics(const ColumnChunk& chunk, CompactWriter& writer) {
  writer.begin(12);
  writer.i64(3, static_cast<std::int64_t>(chunk.nulls));
  if (chunk.bounds) {
    writer.binary(5, chunk.bounds->second);
    writer.binary(6, chunk.bounds->first);
  }
  writer.end();
}

}  // namespace

bool FileWriter::can_write(const Schema& schema) {
  return std::ranges::all_of(schema, [](const Column& column) { return format_of(column.type).has_value(); });
}

FileWriter::FileWriter(std::filesystem::path path, Schema schema)
    : m_path(std::move(path)),
      m_schema(std::move(schema)),
      m_file(::open(m_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (!m_file) fail(os_error(errno, fmt::format("cannot write '{}'", m_path.string())));
  for (const Column& column : m_schema) m_columns.push_back(make_column_writer(column.type));
  put(k_magic);
}

void FileWriter::write(std::span<const engine::VectorView> columns, std::uint64_t rows) {
  std::size_t pending_bytes = 0;
  std::size_t page_bytes = 0;
  std::size_t longest_column_bytes = 0;
  for (std::size_t i = 0; i < m_columns.size(); ++i) {
    ColumnWriter& column = *m_columns[i];
    column.append(columns[i], rows);
    pending_bytes += column.pending_bytes();
    page_bytes += column.page_bytes();
    longest_column_bytes = std::max(longest_column_bytes, column.unpacked_bytes());
  }
  m_row_count += rows;
  m_page_rows += rows;
  m_group_rows += rows;
  if (m_group_rows >= k_group_rows || page_bytes >= k_group_bytes || longest_column_bytes >= k_group_column_bytes) {
    end_row_group();
  } else if (m_page_rows >= k_page_rows || pending_bytes >= k_pending_bytes) {
    end_pages();
  }
}

void FileWriter::end_pages() {
  for (std::size_t i = 0; i < m_columns.size(); ++i) {
    try {
      m_columns[i]->end_page(m_packer);
    } catch (const Exception& exception) {
      Error error = exception.error();
      fail(std::move(error).with_context(fmt::format("in column '{}'", m_schema[i].name)));
    }
  }
  m_page_rows = 0;
}

void FileWriter::end_row_group() {
  end_pages();
  RowGroup& group = m_groups.emplace_back();
  group.rows = std::exchange(m_group_rows, 0);
  for (const auto& column : m_columns) {
    const std::uint64_t offset = m_offset;
    ColumnChunk chunk = column->end_chunk(m_packer, [this](std::string_view bytes) { put(bytes); });
    group.columns.push_back({std::move(chunk), offset});
  }
}

void FileWriter::put(std::string_view bytes) {
  write_all(m_file.get(), bytes, m_path);
  m_offset += bytes.size();
}

void FileWriter::finish() {
  if (m_group_rows > 0) end_row_group();
  const std::string footer_bytes = footer();
  put(footer_bytes);
  put(bytes_of(static_cast<std::uint32_t>(footer_bytes.size())));
  put(k_magic);
  m_file.reset();
}

/// Fields of RowGroup.
void FileWriter::append_row_group(const RowGroup& group, CompactWriter& writer) const {
  writer.begin();
  writer.list(1, CompactWriter::Element::structure, group.columns.size());
  std::uint64_t unpacked_bytes = 0;
  std::uint64_t packed_bytes = 0;
  for (std::size_t i = 0; i < group.columns.size(); ++i) {
    append_column_chunk(group.columns[i], m_schema[i], writer);
    unpacked_bytes += group.columns[i].chunk.unpacked_bytes;
    packed_bytes += group.columns[i].chunk.bytes;
  }
  writer.i64(2, static_cast<std::int64_t>(unpacked_bytes));
  writer.i64(3, static_cast<std::int64_t>(group.rows));
  writer.i64(5, static_cast<std::int64_t>(group.columns.empty() ? 0 : group.columns.front().offset));
  writer.i64(6, static_cast<std::int64_t>(packed_bytes));
  writer.end();
}

/// Fields of ColumnChunk.
void FileWriter::append_column_chunk(const StoredColumn& stored, const Column& column, CompactWriter& writer) {
  writer.begin();
  writer.i64(2, 0);  // where a copy of this stands: nowhere
  writer.begin(3);
  writer.i32(1, static_cast<int>(format_of(column.type).value().physical));
  writer.list(2, CompactWriter::Element::i32, stored.chunk.encodings.size());
  for (const Encoding encoding : stored.chunk.encodings) writer.element(static_cast<int>(encoding));
  writer.list(3, CompactWriter::Element::binary, 1);
  writer.element(column.name);
  writer.i32(4, k_codec_zstd);
  writer.i64(5, static_cast<std::int64_t>(stored.chunk.values));
  writer.i64(6, static_cast<std::int64_t>(stored.chunk.unpacked_bytes));
  writer.i64(7, static_cast<std::int64_t>(stored.chunk.bytes));
  writer.i64(9, static_cast<std::int64_t>(stored.offset + stored.chunk.dictionary_bytes));
  if (stored.chunk.dictionary_bytes > 0) writer.i64(11, static_cast<std::int64_t>(stored.offset));
  append_statistics(stored.chunk, writer);
  writer.end();
  writer.end();
}

/// FileMetaData.
std::string FileWriter::footer() const {
  std::string bytes;
  CompactWriter writer(bytes);
  writer.begin();
  writer.i32(1, k_file_version);
  append_schema(m_schema, writer);
  writer.i64(3, static_cast<std::int64_t>(m_row_count));
  writer.list(4, CompactWriter::Element::structure, m_groups.size());
  for (const RowGroup& group : m_groups) append_row_group(group, writer);
  writer.binary(6, "spillway " SPILLWAY_VERSION);
  // The values of each column are ordered as its type says.
  writer.list(7, CompactWriter::Element::structure, m_schema.size());
  for (std::size_t i = 0; i < m_schema.size(); ++i) {
    writer.begin();
    writer.begin(1);
    writer.end();
    writer.end();
  }
  writer.end();
  return bytes;
}

}  // namespace spillway::frame::parquet
