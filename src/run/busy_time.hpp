#pragma once

#include <cstdint>
#include <vector>

namespace spillway::run {

/// How long at least one step ran, steps that ran side by side counted once.
class BusyTime {
 public:
  /// A step that took `duration_ms` ended at `end_ms` of the run.
  void add(std::uint64_t end_ms, std::uint64_t duration_ms);
  std::uint64_t total_ms() const;

 private:
  struct Span {
    std::uint64_t begin_ms;
    std::uint64_t end_ms;
  };
  std::vector<Span> m_spans;
};

}  // namespace spillway::run
