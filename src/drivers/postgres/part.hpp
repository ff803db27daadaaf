#pragma once

#include <memory>
#include <string>
#include <vector>

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
  bool next_row(std::vector<sql::Field>& fields) const {
    return feed ? feed->next_row(fields) : connection->next_row(fields);
  }
};

}  // namespace spillway::drivers::postgres
