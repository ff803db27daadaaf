#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "drivers/postgres/server_connection.hpp"
#include "drivers/sql/row_feed.hpp"

namespace spillway::drivers::postgres {

/// One part of the rows that sql::RowSource reads: a connection inside its transaction, and the statement to run on
/// it.
struct Part {
  std::unique_ptr<ServerConnection> connection;
  std::string sql;
  bool is_copied = true;  ///< by COPY; else row by row
  TextRow parameters = {};
  std::unique_ptr<sql::RowFeed> feed = nullptr;  ///< of one that is copied, once it is started

  void start();
  std::size_t next_rows(sql::RowBatch& batch, std::size_t max_rows) const {
    return feed ? feed->next_rows(batch, max_rows) : connection->next_row(batch.row(0)) ? 1 : 0;
  }
};

}  // namespace spillway::drivers::postgres
