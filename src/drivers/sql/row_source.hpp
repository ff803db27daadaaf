#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/source.hpp"
#include "util/error.hpp"

namespace spillway::drivers::sql {

/// One field of a row, in the server's binary form.
struct Field {
  const char* data = nullptr;  ///< null: NULL
  std::uint32_t length = 0;

  bool is_null() const { return data == nullptr; }
  std::string_view bytes() const { return {data, length}; }
};

/// The rows of one or several statements, decoded as they come: nothing is collected. Parts are read in turn, a chunk
/// of each, so that all servers' processes work while one thread decodes, and the order is the same in every run.
///
/// Part has start(), which sends its statement, and next_row(std::vector<Field>&), false at the end; Column has a
/// name, a type and decode(bytes, vector, row). `what` stands in errors: "table 'orders'".
template <typename Part, typename Column>
class RowSource : public engine::ChunkSource {
 public:
  RowSource(std::vector<Part> parts, std::vector<Column> columns, std::string what)
      : m_parts(std::move(parts)), m_columns(std::move(columns)), m_what(std::move(what)) {
    for (const Column& column : m_columns) m_schema.push_back({column.name, column.type});
  }

  const engine::Schema& schema() const override { return m_schema; }
  std::unique_ptr<engine::ChunkReader> open_reader() override { return std::make_unique<Reader>(*this); }

 private:
  class Reader : public engine::ChunkReader {
   public:
    explicit Reader(RowSource& source) : m_source(source), m_fields(source.m_columns.size()) {
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
      while (row < engine::ChunkWriter::capacity() && reading([&] { return part.next_row(m_fields); })) {
        for (std::size_t i = 0; i < m_fields.size(); ++i) decode(i, chunk.column(i), row);
        ++row;
        ++m_row_number;
      }
      return row;
    }

    void decode(std::size_t index, engine::VectorWriter& vector, std::uint64_t row) {
      const Field& field = m_fields[index];
      if (field.is_null()) {
        vector.set_null(row);
        return;
      }
      const Column& column = m_source.m_columns[index];
      try {
        column.decode(column, field.bytes(), vector, row);
      } catch (const Exception& exception) {
        Error error = exception.error();
        error.message = fmt::format("cannot read column '{}' of {}, row {}: {}", column.name, m_source.m_what,
                                    m_row_number + 1, error.message);
        fail(std::move(error));
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
    std::vector<Field> m_fields;
    std::uint64_t m_row_number = 0;
  };

  std::vector<Part> m_parts;
  std::vector<Column> m_columns;
  std::string m_what;
  engine::Schema m_schema;
};

}  // namespace spillway::drivers::sql
