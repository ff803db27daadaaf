#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "util/error.hpp"

namespace spillway::protocol {

/// Splits bytes that come piece by piece into lines (docs/protocol.md, "Framing") without ever holding more than
/// k_max_line_bytes of one and one piece. Used by one thread.
class LineBuffer {
 public:
  void append(std::string_view bytes);
  /// The next line that is complete and not blank, without its newline; an error for a line over the limit, whose
  /// bytes are thrown away; nothing when more bytes have to come.
  std::optional<Result<std::string>> next();
  /// The next bytes as they are, once that many have come; between two lines.
  std::optional<std::string> take_bytes(std::size_t count);
  /// At the end of the input: what stands there without a newline, unless it is blank.
  std::optional<Result<std::string>> take_rest();
  /// Whether the line that has begun is over the limit already.
  bool is_over_long() const { return m_is_over_long; }

 private:
  std::optional<Result<std::string>> take_line(std::size_t end, std::size_t next_start);

  std::string m_buffer;
  std::size_t m_start = 0;     ///< of the unread part of the buffer
  std::size_t m_searched = 0;  ///< bytes of the unread part in which there is no newline
  bool m_is_over_long = false;
};

/// The lines of a descriptor. Used by one thread.
class LineReader {
 public:
  explicit LineReader(int fd) : m_fd(fd) {}
  /// As LineBuffer::next, but blocks until there is a line; nothing at the end of the input. A last line without a
  /// newline counts as a line.
  std::optional<Result<std::string>> next();
  /// As LineBuffer::take_bytes, but blocks until they have come; nothing when the input ends before.
  std::optional<std::string> take_bytes(std::size_t count);

 private:
  bool fill();

  int m_fd;
  LineBuffer m_lines;
};

}  // namespace spillway::protocol
