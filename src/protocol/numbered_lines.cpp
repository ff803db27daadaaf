#include "protocol/numbered_lines.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "protocol/codec.hpp"
#include "protocol/messages.hpp"
#include "util/strings.hpp"

namespace spillway::protocol {
namespace {

/// How a whole line begins. The rest of one that was cut never does: within a text a quote has a backslash before it,
/// and after anything else there is one bracket too many at the end.
constexpr std::string_view k_line_start = R"({"seq":)";
constexpr std::size_t k_quoted_bytes = 120;

}  // namespace

std::optional<LineNumbers> line_numbers(std::string_view line) {
  const Result<Json> json = parse_line(line);
  if (!json) return std::nullopt;
  LineNumbers numbers{count_or(*json, "seq"), count_or(*json, "ack"), std::nullopt};
  if (text_or(*json, "cmd") == "resume") numbers.resume_after = count_or(*json, "after");
  return numbers;
}

std::string numbered(std::string_view encoded, std::uint64_t seq, std::uint64_t ack) {
  std::string line = fmt::format("{}{}", k_line_start, seq);
  if (ack != 0) line += fmt::format(R"(,"ack":{})", ack);
  line += ',';
  line += encoded.substr(1);
  return line;
}

const std::string& SentLines::add(std::string_view encoded) {
  m_lines.push_back(numbered(encoded, last() + 1) + "\n");
  m_bytes += m_lines.back().size();
  return m_lines.back();
}

void SentLines::acknowledge(std::uint64_t seq) {
  while (!m_lines.empty() && m_acknowledged < seq) {
    m_bytes -= m_lines.front().size();
    m_lines.pop_front();
    ++m_acknowledged;
  }
}

void IncomingLines::append(std::string_view bytes) { m_lines.append(bytes); }

std::optional<Result<std::string>> IncomingLines::next() {
  while (std::optional<Result<std::string>> line = m_lines.next()) {
    const bool is_whole = *line && (*line)->starts_with(k_line_start);
    const std::optional<LineNumbers> numbers = is_whole ? line_numbers(**line) : std::nullopt;
    if (numbers && numbers->seq == m_last + 1) {
      ++m_last;
      m_is_cut = false;
      m_has_gap = false;
      return line;
    }
    if (numbers && numbers->seq > m_last) m_has_gap = true;
    if (numbers || m_is_cut) continue;
    if (!*line) return line;
    return Failure(make_error(ErrorCode::protocol, fmt::format("line without a number: {}",
                                                               to_valid_utf8((*line)->substr(0, k_quoted_bytes)))));
  }
  if (!m_lines.is_over_long() || m_is_cut) return std::nullopt;
  return m_lines.take_rest();
}

void IncomingLines::cut() {
  m_lines = LineBuffer();
  m_is_cut = true;
  m_has_gap = false;
}

}  // namespace spillway::protocol
