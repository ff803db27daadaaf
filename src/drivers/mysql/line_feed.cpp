#include "drivers/mysql/line_feed.hpp"

#include <exception>
#include <utility>

namespace spillway::drivers::mysql {

LineFeed::LineFeed(RowText& rows) : m_rows(rows), m_thread([this] { make(); }) {}

LineFeed::~LineFeed() {
  m_blocks.close();
  m_thread.join();
}

void LineFeed::make() {
  try {
    for (;;) {
      std::string block = m_rows.take(sql::BlockQueue::k_block_bytes);
      if (block.empty() || !m_blocks.push(std::move(block))) break;
    }
    m_blocks.finish();
  } catch (...) {
    m_blocks.finish(std::current_exception());
  }
}

std::size_t LineFeed::read(char* buffer, std::size_t size) {
  if (m_read == m_block.size() && !m_is_over) {
    std::optional<std::string> block = m_blocks.pop();
    m_is_over = !block;
    m_block = std::move(block).value_or(std::string());
    m_read = 0;
  }
  const std::size_t taken = m_block.copy(buffer, size, m_read);
  m_read += taken;
  return taken;
}

}  // namespace spillway::drivers::mysql
