#pragma once

#include <cstddef>
#include <memory>

#include "drivers/mysql/server_connection.hpp"
#include "drivers/sql/row_feed.hpp"

namespace spillway::drivers::mysql {

/// One part of the rows that sql::RowSource reads: a connection inside its snapshot, its statement started.
///
/// The rows come in the binary protocol: it is as fast as the text protocol on the server's side, spares the client
/// the parsing of numbers and dates (6 M rows of 16 columns into vectors: 5.1 s against 6.7 s), and does not round a
/// FLOAT to six digits as the text protocol does.
struct Part {
  std::unique_ptr<ServerConnection> connection;
  std::unique_ptr<sql::RowFeed> feed = nullptr;  ///< once it is started

  void start();
  std::size_t next_rows(sql::RowBatch& batch, std::size_t max_rows) const { return feed->next_rows(batch, max_rows); }
};

}  // namespace spillway::drivers::mysql
