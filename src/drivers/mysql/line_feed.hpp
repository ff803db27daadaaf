#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <thread>

#include "drivers/mysql/row_text.hpp"
#include "drivers/sql/block_queue.hpp"

namespace spillway::drivers::mysql {

/// Makes the lines of a LOAD DATA in a thread of its own: otherwise the server would stand still meanwhile.
class LineFeed {
 public:
  /// `rows` makes lines, and is the feed's alone as long as that exists.
  explicit LineFeed(RowText& rows);
  LineFeed(const LineFeed&) = delete;
  LineFeed& operator=(const LineFeed&) = delete;
  ~LineFeed();

  /// Copies the next bytes; 0 at the end. Throws what making them threw.
  std::size_t read(char* buffer, std::size_t size);

 private:
  void make();

  RowText& m_rows;
  std::string m_block;  ///< of which the first `m_read` bytes were read
  std::size_t m_read = 0;
  bool m_is_over = false;
  sql::BlockQueue m_blocks;
  std::thread m_thread;
};

}  // namespace spillway::drivers::mysql
