#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drivers/postgres/column_type.hpp"
#include "engine/source.hpp"

namespace spillway::drivers::postgres {

/// One part of the rows: a connection inside its transaction, and the statement to run on it.
struct Part {
  std::unique_ptr<ServerConnection> connection;
  std::string sql;
  bool is_copied = true;  ///< by COPY; else row by row
  TextRow parameters = {};
};

/// The rows of one or several statements, decoded as they come: nothing is collected. Parts are read in turn, a chunk
/// of each, so that all servers' processes work while one thread decodes, and the order is the same in every run.
class QuerySource : public engine::ChunkSource {
 public:
  /// `what` stands in errors: "table 'orders'".
  QuerySource(std::vector<Part> parts, std::vector<ColumnReader> columns, std::string what, bool checks_utf8);

  const engine::Schema& schema() const override { return m_schema; }
  std::unique_ptr<engine::ChunkReader> open_reader() override;

 private:
  std::vector<Part> m_parts;
  std::vector<ColumnReader> m_columns;
  std::string m_what;
  bool m_checks_utf8;
  engine::Schema m_schema;
};

}  // namespace spillway::drivers::postgres
