#pragma once

#include <optional>
#include <string>

#include "util/error.hpp"

namespace spillway::protocol {

/// Splits a descriptor's bytes into lines without ever holding more than k_max_line_bytes of one. Used by one thread.
class LineReader {
 public:
  explicit LineReader(int fd) : m_fd(fd) {}
  /// The next line that is not blank, without its newline; an error for a line over the limit, whose rest is thrown
  /// away; nothing at the end of the input. Blocks. A last line without a newline counts as a line.
  std::optional<Result<std::string>> next();

 private:
  bool fill();

  int m_fd;
  std::string m_buffer;
  std::size_t m_start = 0;  ///< of the unread part of the buffer
  bool m_at_end = false;
};

}  // namespace spillway::protocol
