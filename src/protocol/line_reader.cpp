#include "protocol/line_reader.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "protocol/messages.hpp"
#include "util/strings.hpp"

namespace spillway::protocol {
namespace {

constexpr std::size_t k_read_bytes = 65536;

}  // namespace

void LineBuffer::append(std::string_view bytes) {
  m_buffer.erase(0, m_start);
  m_start = 0;
  m_buffer += bytes;
}

std::optional<Result<std::string>> LineBuffer::next() {
  for (;;) {
    const std::size_t newline = m_buffer.find('\n', m_start + m_searched);
    if (newline == std::string::npos) break;
    if (auto line = take_line(newline, newline + 1)) return line;
  }
  m_searched = m_buffer.size() - m_start;
  if (m_searched > k_max_line_bytes) {
    m_is_over_long = true;
    m_start = m_buffer.size();
    m_searched = 0;
  }
  return std::nullopt;
}

std::optional<std::string> LineBuffer::take_bytes(std::size_t count) {
  if (m_buffer.size() - m_start < count) return std::nullopt;
  std::string bytes = m_buffer.substr(m_start, count);
  m_start += count;
  return bytes;
}

std::optional<Result<std::string>> LineBuffer::take_rest() { return take_line(m_buffer.size(), m_buffer.size()); }

std::optional<Result<std::string>> LineBuffer::take_line(std::size_t end, std::size_t next_start) {
  std::string line = m_buffer.substr(m_start, end - m_start);
  m_start = next_start;
  m_searched = 0;
  if (std::exchange(m_is_over_long, false) || line.size() > k_max_line_bytes) {
    return Failure(
        make_error(ErrorCode::protocol, fmt::format("line is longer than the limit of {} bytes", k_max_line_bytes)));
  }
  if (trim(line).empty()) return std::nullopt;
  return line;
}

std::optional<Result<std::string>> LineReader::next() {
  for (;;) {
    if (auto line = m_lines.next()) return line;
    if (!fill()) return m_lines.take_rest();
  }
}

std::optional<std::string> LineReader::take_bytes(std::size_t count) {
  for (;;) {
    if (auto bytes = m_lines.take_bytes(count)) return bytes;
    if (!fill()) return std::nullopt;
  }
}

bool LineReader::fill() {
  std::array<char, k_read_bytes> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): read fills it
  ssize_t count = 0;
  do {
    count = ::read(m_fd, bytes.data(), bytes.size());
  } while (count < 0 && errno == EINTR);
  if (count > 0) m_lines.append({bytes.data(), static_cast<std::size_t>(count)});
  return count > 0;
}

}  // namespace spillway::protocol
