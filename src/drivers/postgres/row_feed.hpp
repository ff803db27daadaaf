#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "drivers/postgres/server_connection.hpp"

namespace spillway::drivers::postgres {

/// Takes the rows of a COPY off the wire in a thread of its own, a few megabytes ahead: otherwise the server would
/// stand still whenever the engine is busy with what it has. Ends the COPY when it is destroyed before its end.
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
  void push(std::string& block);

  ServerConnection& m_connection;
  std::string m_block;  ///< of the consumer: the rows that `m_rows` points into
  std::string_view m_rows;

  std::mutex m_mutex;  ///< guards the four below
  std::condition_variable m_changed;
  std::deque<std::string> m_blocks;
  std::exception_ptr m_error;
  bool m_is_over = false;      ///< nothing more will be pushed
  bool m_is_unwanted = false;  ///< nothing more will be taken
  std::thread m_thread;
};

}  // namespace spillway::drivers::postgres
