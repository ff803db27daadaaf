#include "drivers/sql/row_feed.hpp"

#include <exception>
#include <optional>
#include <utility>

namespace spillway::drivers::sql {

RowFeed::RowFeed(std::function<bool(std::string& block)> fetch, std::function<void()> stop,
                 void (*take)(std::string_view& rows, std::span<Field> fields))
    : m_fetch(std::move(fetch)), m_stop(std::move(stop)), m_take(take), m_thread([this] { run(); }) {}

RowFeed::~RowFeed() {
  if (!m_is_over) m_stop();
  m_blocks.close();
  m_thread.join();
}

void RowFeed::run() {
  try {
    for (bool is_open = true; is_open;) {
      std::string block = m_blocks.used_block();
      is_open = m_fetch(block);
      if (!block.empty() && !m_blocks.push(std::move(block))) return;
    }
    m_blocks.finish();
  } catch (...) {
    m_blocks.finish(std::current_exception());
  }
}

std::size_t RowFeed::next_rows(RowBatch& batch, std::size_t max_rows) {
  if (m_rows.empty()) {
    m_blocks.reuse(std::move(m_block));
    std::optional<std::string> block = m_blocks.pop();
    m_is_over = !block;
    if (m_is_over) return 0;
    m_block = *std::move(block);
    m_rows = m_block;
  }
  std::size_t rows = 0;
  while (rows < max_rows && !m_rows.empty()) m_take(m_rows, batch.row(rows++));
  return rows;
}

}  // namespace spillway::drivers::sql
