#include "run/busy_time.hpp"

#include <algorithm>

namespace spillway::run {

void BusyTime::add(std::uint64_t end_ms, std::uint64_t duration_ms) {
  m_spans.push_back({end_ms - std::min(end_ms, duration_ms), end_ms});
}

std::uint64_t BusyTime::total_ms() const {
  std::vector<Span> spans = m_spans;
  std::ranges::sort(spans, {}, &Span::begin_ms);
  std::uint64_t total = 0;
  std::uint64_t covered_until = 0;
  for (const Span& span : spans) {
    const std::uint64_t begin = std::max(span.begin_ms, covered_until);
    if (span.end_ms <= begin) continue;
    total += span.end_ms - begin;
    covered_until = span.end_ms;
  }
  return total;
}

}  // namespace spillway::run
