#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "drivers/sql/block_queue.hpp"

namespace spillway::drivers::sql {

/// Takes rows off the wire in a thread of its own: otherwise the server would stand still whenever the engine is busy
/// with what it has. Ends the statement when it is destroyed before its end.
class RowFeed {
 public:
  /// `fetch` appends the next row to a block; false at the end. `stop` makes one that waits for the server give up.
  /// The connection that they use is the feed's alone until the end.
  RowFeed(std::function<bool(std::string& block)> fetch, std::function<void()> stop);
  RowFeed(const RowFeed&) = delete;
  RowFeed& operator=(const RowFeed&) = delete;
  ~RowFeed();

  /// Whole rows, as fetch has appended them, of which the caller takes as many as it likes from the front; empty at
  /// the end. What they lie in is valid until the next call. Throws what fetch threw.
  std::string_view& rows();

 private:
  void run();

  std::function<bool(std::string& block)> m_fetch;
  std::function<void()> m_stop;
  std::string m_block;  ///< what `m_rows` points into
  std::string_view m_rows;
  bool m_is_over = false;
  BlockQueue m_blocks;
  std::thread m_thread;
};

}  // namespace spillway::drivers::sql
