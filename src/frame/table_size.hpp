#pragma once

#include <atomic>
#include <cstdint>

#include "engine/connection.hpp"
#include "frame/data_frame.hpp"

/// What tables take in memory. The engine tells it for all of them together: one frame's part is the growth while it
/// alone was filled; when others were filled too, it is counted from the values.
namespace spillway::frame {

/// Bytes of every table in memory, those that the engine parked in its temporary folder included.
std::uint64_t all_tables_bytes(engine::Connection& connection);
/// Bytes of the values of one table: reads it once.
std::uint64_t table_bytes(engine::Connection& connection, const DataFrame& frame);

/// Tells whether any other scope of the same counters was open at any time during this one.
class ProducingScope {
 public:
  ProducingScope(std::atomic<int>& open, std::atomic<std::uint64_t>& opened)
      : m_open(open), m_opened(opened), m_first(open.fetch_add(1) == 0), m_number(opened.fetch_add(1) + 1) {}
  ProducingScope(const ProducingScope&) = delete;
  ProducingScope& operator=(const ProducingScope&) = delete;
  ~ProducingScope() { m_open.fetch_sub(1); }

  bool was_alone() const { return m_first && m_opened.load() == m_number; }

 private:
  std::atomic<int>& m_open;
  std::atomic<std::uint64_t>& m_opened;
  bool m_first;
  std::uint64_t m_number;
};

}  // namespace spillway::frame
