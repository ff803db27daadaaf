#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/type.hpp"
#include "engine/vector.hpp"
#include "frame/parquet/column_writer.hpp"
#include "frame/parquet/page_packer.hpp"
#include "util/fd.hpp"

namespace spillway::frame::parquet {

class CompactWriter;

/// Writes rows to a new Parquet file, in constant memory: pages as they are full, row groups of about 122,880 rows,
/// or fewer when their texts are long. The engine's own writer, which takes more processor time
/// (bench/README.md), is for what this one does not write: nested types and those that Parquet changes. Same rows,
/// same bytes.
class FileWriter {
 public:
  static bool can_write(const engine::Schema& schema);

  /// `schema` must be one that can be written. Throws an os_error when the file cannot be made.
  FileWriter(std::filesystem::path path, engine::Schema schema);

  /// Row 0 to `rows` of one view a column.
  void write(std::span<const engine::VectorView> columns, std::uint64_t rows);
  /// Writes what is left and the footer; the file is complete then.
  void finish();
  std::uint64_t row_count() const { return m_row_count; }

 private:
  struct StoredColumn {
    ColumnChunk chunk;
    std::uint64_t offset = 0;  ///< in the file
  };
  struct RowGroup {
    std::uint64_t rows = 0;
    std::vector<StoredColumn> columns;
  };

  void end_pages();
  void end_row_group();
  void put(std::string_view bytes);
  std::string footer() const;
  void append_row_group(const RowGroup& group, CompactWriter& writer) const;
  static void append_column_chunk(const StoredColumn& stored, const engine::Column& column, CompactWriter& writer);

  std::filesystem::path m_path;
  engine::Schema m_schema;
  Fd m_file;
  std::uint64_t m_offset = 0;
  PagePacker m_packer;
  std::vector<std::unique_ptr<ColumnWriter>> m_columns;
  std::uint64_t m_row_count = 0;
  std::uint64_t m_page_rows = 0;   ///< since the last page ended
  std::uint64_t m_group_rows = 0;  ///< since the last row group ended
  std::vector<RowGroup> m_groups;
};

}  // namespace spillway::frame::parquet
