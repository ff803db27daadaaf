#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/line_reader.hpp"
#include "util/error.hpp"

/// Numbered lines (docs/protocol.md, "A way that may be cut"): each line of a direction says which one it is, so that
/// after a cut what was lost is sent again, and what came twice counts once.
namespace spillway::protocol {

/// What a line says of itself beside its command.
struct LineNumbers {
  std::uint64_t seq = 0;  ///< 0 when it does not say
  std::uint64_t ack = 0;  ///< the last line that its sender has taken; 0 when it does not say
  std::optional<std::uint64_t> resume_after;
};

/// Nothing for what is no JSON object: the half of a line that was cut, whose whole comes again.
std::optional<LineNumbers> line_numbers(std::string_view line);

/// The encoded command or message with its numbers in front; an `ack` of 0 is left out.
std::string numbered(std::string_view encoded, std::uint64_t seq, std::uint64_t ack = 0);

/// The lines that one end has sent and the other has not acknowledged. Used under its owner's lock.
class SentLines {
 public:
  /// Numbers a line and keeps it; with the newline.
  const std::string& add(std::string_view encoded);
  /// Forgets the lines up to this one.
  void acknowledge(std::uint64_t seq);

  std::uint64_t last() const { return m_acknowledged + m_lines.size(); }
  std::uint64_t acknowledged() const { return m_acknowledged; }
  std::size_t bytes() const { return m_bytes; }
  /// The line of that number, which was sent and not acknowledged.
  const std::string& at(std::uint64_t seq) const { return m_lines.at(seq - m_acknowledged - 1); }

 private:
  std::deque<std::string> m_lines;
  std::uint64_t m_acknowledged = 0;
  std::size_t m_bytes = 0;
};

/// The lines that a host takes from a stream that may be cut at any byte: each once, in order. Used by one thread.
class IncomingLines {
 public:
  void append(std::string_view bytes);
  /// The next line, without its newline; an error for one that does not belong here.
  std::optional<Result<std::string>> next();
  /// The stream was cut, or another one begins: lines that are not the next one are skipped until that has come.
  void cut();
  /// A line is missing, without anyone having noticed a cut.
  bool has_gap() const { return m_has_gap; }
  /// The number of the last line that was taken: where to resume.
  std::uint64_t last() const { return m_last; }

 private:
  LineBuffer m_lines;
  std::uint64_t m_last = 0;
  bool m_is_cut = false;
  bool m_has_gap = false;
};

}  // namespace spillway::protocol
