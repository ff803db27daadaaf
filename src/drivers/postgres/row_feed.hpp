#pragma once

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "drivers/postgres/server_connection.hpp"
#include "drivers/sql/block_queue.hpp"

namespace spillway::drivers::postgres {

/// Takes the rows of a COPY off the wire in a thread of its own: otherwise the server would stand still whenever the
/// engine is busy with what it has. Ends the COPY when it is destroyed before its end.
class RowFeed {
 public:
  /// The COPY was started on `connection`, which is the feed's alone until the end.
  explicit RowFeed(ServerConnection& connection);
  RowFeed(const RowFeed&) = delete;
  RowFeed& operator=(const RowFeed&) = delete;
  ~RowFeed();

  /// The next row; false at the end. Fields are valid until the next call. Throws what the connection threw.
  bool next_row(std::vector<sql::Field>& fields);

 private:
  void fetch();

  ServerConnection& m_connection;
  std::string m_block;  ///< what `m_rows` points into
  std::string_view m_rows;
  bool m_is_over = false;
  sql::BlockQueue m_blocks;
  std::thread m_thread;
};

}  // namespace spillway::drivers::postgres
