#include "drivers/postgres/row_feed.hpp"

#include <utility>

namespace spillway::drivers::postgres {
namespace {

constexpr std::size_t k_block_bytes = std::size_t{512} * 1024;
constexpr std::size_t k_blocks_ahead = 32;

}  // namespace

RowFeed::RowFeed(ServerConnection& connection) : m_connection(connection), m_thread([this] { fetch(); }) {}

RowFeed::~RowFeed() {
  {
    const std::scoped_lock lock(m_mutex);
    m_is_unwanted = true;
    if (!m_is_over) m_connection.stop();
  }
  m_changed.notify_all();
  m_thread.join();
}

void RowFeed::fetch() {
  std::exception_ptr error;
  try {
    std::string block;
    std::string_view row;
    while (m_connection.next_copied(row)) {
      block += row;
      if (block.size() >= k_block_bytes) push(block);
    }
    if (!block.empty()) push(block);
  } catch (...) {
    error = std::current_exception();
  }
  {
    const std::scoped_lock lock(m_mutex);
    m_error = error;
    m_is_over = true;
  }
  m_changed.notify_all();
}

void RowFeed::push(std::string& block) {
  std::unique_lock lock(m_mutex);
  m_changed.wait(lock, [this] { return m_blocks.size() < k_blocks_ahead || m_is_unwanted; });
  m_blocks.push_back(std::exchange(block, {}));
  lock.unlock();
  m_changed.notify_all();
  block.reserve(k_block_bytes + k_block_bytes / 4);
}

bool RowFeed::next_row(std::vector<sql::Field>& fields) {
  if (m_rows.empty()) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return !m_blocks.empty() || m_is_over; });
    if (m_blocks.empty()) {
      if (m_error) std::rethrow_exception(m_error);
      return false;
    }
    m_block = std::move(m_blocks.front());
    m_blocks.pop_front();
    lock.unlock();
    m_changed.notify_all();
    m_rows = m_block;
  }
  take_row(m_rows, fields);
  return true;
}

}  // namespace spillway::drivers::postgres
