#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "drivers/sql/cells.hpp"
#include "engine/source.hpp"
#include "util/error.hpp"

namespace spillway::drivers::sql {

/// The rows of one or several statements, decoded as they come: nothing is collected. Parts are read in turn, a chunk
/// of each, so that all servers' processes work while one thread decodes, and the order is the same in every run.
///
/// Part has start(), which sends its statement, and next_rows(batch, max_rows), which says how many there are, 0 at
/// the end, and whose fields are valid until the next call; Column has a name, a type and decode(column, cells,
/// vector, row), which is a k_each<…>. `what` stands in errors: "table 'orders'".
template <typename Part, typename Column>
class RowSource : public engine::ChunkSource {
 public:
  RowSource(std::vector<Part> parts, std::vector<Column> columns, std::string what)
      : m_parts(std::move(parts)), m_columns(std::move(columns)), m_what(std::move(what)) {
    for (std::size_t i = 0; i < m_columns.size(); ++i) {
      m_schema.push_back({m_columns[i].name, m_columns[i].type});
      if (can_be_long(m_columns[i].type)) m_long_columns.push_back(i);
    }
  }

  const engine::Schema& schema() const override { return m_schema; }
  std::unique_ptr<engine::ChunkReader> open_reader() override { return std::make_unique<Reader>(*this); }

 private:
  /// A chunk ends sooner when its texts take this much: 2,048 rows of a megabyte each are not read at once.
  static constexpr std::size_t k_max_chunk_bytes = std::size_t{4} * 1024 * 1024;

  static bool can_be_long(const engine::Type& type) {
    return type.id == engine::TypeId::varchar || type.id == engine::TypeId::blob || is_nested(type);
  }

  class Reader : public engine::ChunkReader {
   public:
    explicit Reader(RowSource& source) : m_source(source), m_batch(source.m_columns.size()) {
      for (Part& part : source.m_parts) {
        reading([&] { part.start(); });
        m_open.push_back(&part);
      }
    }

    std::uint64_t read(engine::ChunkWriter& chunk) override {
      std::uint64_t rows = 0;
      while (rows == 0 && !m_open.empty()) {
        m_turn %= m_open.size();
        rows = read_from(*m_open[m_turn], chunk);
        if (rows == 0) {
          m_open.erase(m_open.begin() + static_cast<std::ptrdiff_t>(m_turn));
        } else {
          ++m_turn;
        }
      }
      return rows;
    }

   private:
    std::uint64_t read_from(Part& part, engine::ChunkWriter& chunk) {
      std::uint64_t row = 0;
      std::size_t bytes = 0;
      while (row < engine::ChunkWriter::capacity() && bytes < k_max_chunk_bytes) {
        const std::uint64_t room =
            std::min<std::uint64_t>(engine::ChunkWriter::capacity() - row, RowBatch::k_capacity);
        const std::size_t rows = reading([&] { return part.next_rows(m_batch, room); });
        if (rows == 0) break;
        decode(rows, chunk, row);
        bytes += long_bytes(rows);
        row += rows;
        m_rows_before += rows;
      }
      return row;
    }

    std::size_t long_bytes(std::size_t rows) const {
      std::size_t bytes = 0;
      for (const std::size_t column : m_source.m_long_columns) {
        const Cells cells = m_batch.column(column, 0, rows);
        for (std::size_t i = 0; i < rows; ++i) bytes += cells[i].length;
      }
      return bytes;
    }

    void decode(std::size_t rows, engine::ChunkWriter& chunk, std::uint64_t row) {
      try {
        for (std::size_t i = 0; i < m_source.m_columns.size(); ++i) decode_column(i, 0, rows, chunk, row);
      } catch (const Exception&) {
        fail_first(rows, chunk, row);
        throw;
      }
    }

    void decode_column(std::size_t index, std::size_t first, std::size_t rows, engine::ChunkWriter& chunk,
                       std::uint64_t row) {
      const Column& column = m_source.m_columns[index];
      column.decode(column, m_batch.column(index, first, rows), chunk.column(index), row);
    }

    /// Once more cell by cell, to find the first of them in the order of rows that cannot be decoded.
    void fail_first(std::size_t rows, engine::ChunkWriter& chunk, std::uint64_t row) {
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t column = 0; column < m_source.m_columns.size(); ++column) {
          try {
            decode_column(column, i, 1, chunk, row + i);
          } catch (const Exception& exception) {
            Error error = exception.error();
            error.message = fmt::format("cannot read column '{}' of {}, row {}: {}", m_source.m_columns[column].name,
                                        m_source.m_what, m_rows_before + i + 1, error.message);
            fail(std::move(error));
          }
        }
      }
    }

    template <typename Action>
    auto reading(const Action& action) const {
      try {
        return action();
      } catch (const Exception& exception) {
        Error error = exception.error();
        if (error.code != ErrorCode::cancelled) {
          error.message = fmt::format("cannot read {}: {}", m_source.m_what, error.message);
        }
        fail(std::move(error));
      }
    }

    RowSource& m_source;
    std::vector<Part*> m_open;
    std::size_t m_turn = 0;
    RowBatch m_batch;
    std::uint64_t m_rows_before = 0;  ///< those of the batch
  };

  std::vector<Part> m_parts;
  std::vector<Column> m_columns;
  std::vector<std::size_t> m_long_columns;  ///< numbers of those whose cells can be long
  std::string m_what;
  engine::Schema m_schema;
};

}  // namespace spillway::drivers::sql
