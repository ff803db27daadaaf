#pragma once

#include <string>
#include <thread>

#include "drivers/postgres/server_connection.hpp"
#include "drivers/sql/block_queue.hpp"

namespace spillway::drivers::postgres {

/// Sends the rows of a COPY in a thread of its own: otherwise the server would stand still while rows are made. Stops
/// the COPY when it is destroyed before finish().
class CopySender {
 public:
  /// COPY … FROM STDIN was started on `connection`, which is the sender's alone until finish() returns.
  explicit CopySender(ServerConnection& connection);
  CopySender(const CopySender&) = delete;
  CopySender& operator=(const CopySender&) = delete;
  ~CopySender();

  /// A block to fill, with room for all of it.
  std::string empty_block();
  /// Throws what the connection threw.
  void send(std::string block) { m_blocks.push(std::move(block)); }
  /// Waits until everything is sent.
  void finish();

 private:
  void run();

  ServerConnection& m_connection;
  std::exception_ptr m_error;  ///< read once the thread has ended
  sql::BlockQueue m_blocks;
  std::thread m_thread;
};

}  // namespace spillway::drivers::postgres
