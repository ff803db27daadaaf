#include "drivers/postgres/query_source.hpp"

#include <utility>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

class QueryReader : public engine::ChunkReader {
 public:
  QueryReader(std::vector<Part>& parts, const std::vector<ColumnReader>& columns, const std::string& what,
              bool checks_utf8)
      : m_columns(columns), m_what(what), m_checks_utf8(checks_utf8), m_fields(columns.size()) {
    for (Part& part : parts) {
      start(part);
      m_open.push_back(part.connection.get());
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
  void start(Part& part) const {
    try {
      if (part.is_copied) {
        part.connection->start_copy_out(fmt::format("COPY (\n{}\n) TO STDOUT (FORMAT binary)", part.sql));
      } else {
        part.connection->start_rows(part.sql, part.parameters);
      }
    } catch (const Exception& exception) {
      fail_reading(exception.error());
    }
  }

  std::uint64_t read_from(ServerConnection& connection, engine::ChunkWriter& chunk) {
    std::uint64_t row = 0;
    while (row < engine::ChunkWriter::capacity() && next_row(connection)) {
      for (std::size_t i = 0; i < m_columns.size(); ++i) decode(i, chunk.column(i), row);
      ++row;
      ++m_row_number;
    }
    return row;
  }

  bool next_row(ServerConnection& connection) {
    try {
      return connection.next_row(m_fields);
    } catch (const Exception& exception) {
      fail_reading(exception.error());
    }
  }

  void decode(std::size_t index, engine::VectorWriter& vector, std::uint64_t row) {
    const Field& field = m_fields[index];
    if (field.is_null()) {
      vector.set_null(row);
      return;
    }
    const ColumnReader& column = m_columns[index];
    try {
      if (m_checks_utf8) check_utf8(column, field.bytes());
      column.decode(column, field.bytes(), vector, row);
    } catch (const Exception& exception) {
      Error error = exception.error();
      error.message = fmt::format("cannot read column '{}' of {}, row {}: {}", column.name, m_what, m_row_number + 1,
                                  error.message);
      fail(std::move(error));
    }
  }

  static void check_utf8(const ColumnReader& column, std::string_view bytes) {
    if (column.type.id != engine::TypeId::varchar || to_valid_utf8(bytes) == bytes) return;
    fail(ErrorCode::bad_data, "the text is not UTF-8, and the database's encoding SQL_ASCII does not say what it is",
         "convert it in the query: convert_from(column::bytea, 'LATIN1')");
  }

  [[noreturn]] void fail_reading(Error error) const {
    if (error.code != ErrorCode::cancelled) error.message = fmt::format("cannot read {}: {}", m_what, error.message);
    fail(std::move(error));
  }

  const std::vector<ColumnReader>& m_columns;
  const std::string& m_what;
  bool m_checks_utf8;
  std::vector<ServerConnection*> m_open;
  std::size_t m_turn = 0;
  std::vector<Field> m_fields;
  std::uint64_t m_row_number = 0;
};

}  // namespace

QuerySource::QuerySource(std::vector<Part> parts, std::vector<ColumnReader> columns, std::string what,
                         bool checks_utf8)
    : m_parts(std::move(parts)), m_columns(std::move(columns)), m_what(std::move(what)), m_checks_utf8(checks_utf8) {
  for (const ColumnReader& column : m_columns) m_schema.push_back({column.name, column.type});
}

std::unique_ptr<engine::ChunkReader> QuerySource::open_reader() {
  return std::make_unique<QueryReader>(m_parts, m_columns, m_what, m_checks_utf8);
}

}  // namespace spillway::drivers::postgres
