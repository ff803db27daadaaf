#include "sandbox/last_lines.hpp"

#include "util/strings.hpp"

namespace spillway::sandbox {
namespace {

constexpr std::size_t k_most_lines = 20;
constexpr std::size_t k_most_bytes = 1000;

}  // namespace

void LastLines::append(std::string_view bytes) {
  for (const char byte : bytes) {
    if (byte != '\n') {
      if (m_lines.back().size() < k_most_bytes) m_lines.back() += byte;
    } else if (trim(m_lines.back()).empty()) {
      m_lines.back().clear();
    } else {
      m_lines.emplace_back();
      if (m_lines.size() > k_most_lines + 1) m_lines.pop_front();
    }
  }
}

std::vector<std::string> LastLines::lines() const {
  std::vector<std::string> lines;
  for (const std::string& line : m_lines) {
    if (!trim(line).empty()) lines.push_back(to_valid_utf8(line));
  }
  if (lines.size() > k_most_lines) lines.erase(lines.begin());
  return lines;
}

}  // namespace spillway::sandbox
