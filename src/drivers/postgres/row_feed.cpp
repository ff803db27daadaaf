#include "drivers/postgres/row_feed.hpp"

#include <exception>
#include <optional>
#include <utility>

namespace spillway::drivers::postgres {

RowFeed::RowFeed(ServerConnection& connection) : m_connection(connection), m_thread([this] { fetch(); }) {}

RowFeed::~RowFeed() {
  if (!m_is_over) m_connection.stop();
  m_blocks.close();
  m_thread.join();
}

void RowFeed::fetch() {
  try {
    std::string block;
    std::string_view row;
    while (m_connection.next_copied(row)) {
      block += row;
      if (block.size() < sql::BlockQueue::k_block_bytes) continue;
      if (!m_blocks.push(std::exchange(block, {}))) break;
      block.reserve(sql::BlockQueue::k_block_bytes + sql::BlockQueue::k_block_bytes / 4);
    }
    if (!block.empty()) m_blocks.push(std::move(block));
    m_blocks.finish();
  } catch (...) {
    m_blocks.finish(std::current_exception());
  }
}

bool RowFeed::next_row(std::vector<sql::Field>& fields) {
  if (m_rows.empty()) {
    std::optional<std::string> block = m_blocks.pop();
    m_is_over = !block;
    if (m_is_over) return false;
    m_block = *std::move(block);
    m_rows = m_block;
  }
  take_row(m_rows, fields);
  return true;
}

}  // namespace spillway::drivers::postgres
