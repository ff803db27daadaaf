#include "protocol/line_reader.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "protocol/messages.hpp"
#include "util/strings.hpp"

namespace spillway::protocol {
namespace {

constexpr std::size_t k_read_bytes = 65536;

}  // namespace

std::optional<Result<std::string>> LineReader::next() {
  bool over_long = false;
  std::size_t searched = 0;
  for (;;) {
    const std::size_t newline = m_buffer.find('\n', m_start + searched);
    if (newline != std::string::npos || m_at_end) {
      const std::size_t end = newline == std::string::npos ? m_buffer.size() : newline;
      std::string line = m_buffer.substr(m_start, end - m_start);
      const bool ended = newline == std::string::npos;
      m_start = ended ? m_buffer.size() : newline + 1;
      searched = 0;
      if (over_long || line.size() > k_max_line_bytes) {
        return Failure(make_error(ErrorCode::protocol,
                                  fmt::format("line is longer than the limit of {} bytes", k_max_line_bytes)));
      }
      if (!trim(line).empty()) return line;
      if (ended) return std::nullopt;
      continue;
    }
    searched = m_buffer.size() - m_start;
    if (searched > k_max_line_bytes) {
      over_long = true;
      m_start = m_buffer.size();
      searched = 0;
    }
    m_at_end = !fill();
  }
}

bool LineReader::fill() {
  m_buffer.erase(0, m_start);
  m_start = 0;
  const std::size_t size = m_buffer.size();
  m_buffer.resize(size + k_read_bytes);
  ssize_t count = 0;
  do {
    count = ::read(m_fd, m_buffer.data() + size, k_read_bytes);
  } while (count < 0 && errno == EINTR);
  m_buffer.resize(size + static_cast<std::size_t>(count > 0 ? count : 0));
  return count > 0;
}

}  // namespace spillway::protocol
