#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "drivers/sql/block_queue.hpp"
#include "drivers/sql/cells.hpp"

namespace spillway::drivers::sql {

/// Takes rows off the wire in a thread of its own: otherwise the server would stand still whenever the engine is busy
/// with what it has. Ends the statement when it is destroyed before its end.
class RowFeed {
 public:
  /// `fetch` fills a block with rows, at least k_block_bytes unless they are the last, in place of what is in it;
  /// false when they are. `stop` makes one that waits for the server give up. The connection that they use is the
  /// feed's alone until the end. `take` takes a row from the front of a block.
  RowFeed(std::function<bool(std::string& block)> fetch, std::function<void()> stop,
          void (*take)(std::string_view& rows, std::span<Field> fields));
  RowFeed(const RowFeed&) = delete;
  RowFeed& operator=(const RowFeed&) = delete;
  ~RowFeed();

  /// The next rows, at most so many; 0 at the end. Fields are valid until the next call. Throws what fetch threw.
  std::size_t next_rows(RowBatch& batch, std::size_t max_rows);

 private:
  void run();

  std::function<bool(std::string& block)> m_fetch;
  std::function<void()> m_stop;
  void (*m_take)(std::string_view& rows, std::span<Field> fields);
  std::string m_block;  ///< what `m_rows` points into
  std::string_view m_rows;
  bool m_is_over = false;
  BlockQueue m_blocks;
  std::thread m_thread;
};

}  // namespace spillway::drivers::sql
