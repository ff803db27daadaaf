#include "drivers/sql/block_queue.hpp"

#include <utility>

namespace spillway::drivers::sql {

namespace {
constexpr std::size_t k_capacity = BlockQueue::k_block_bytes + BlockQueue::k_block_bytes / 4;
}

std::string BlockQueue::used_block() {
  std::string block;
  {
    const std::scoped_lock lock(m_mutex);
    if (!m_used.empty()) {
      block = std::move(m_used.back());
      m_used.pop_back();
    }
  }
  block.reserve(k_capacity);
  return block;
}

void BlockQueue::reuse(std::string block) {
  // What a huge row took is not kept.
  if (block.capacity() > 2 * k_capacity) return;
  const std::scoped_lock lock(m_mutex);
  if (m_used.size() < k_blocks_ahead) m_used.push_back(std::move(block));
}

bool BlockQueue::push(std::string block) {
  std::unique_lock lock(m_mutex);
  m_changed.wait(lock, [this] { return m_blocks.size() < k_blocks_ahead || m_is_closed; });
  if (m_close_error) std::rethrow_exception(m_close_error);
  if (m_is_closed) return false;
  m_blocks.push_back(std::move(block));
  lock.unlock();
  m_changed.notify_all();
  return true;
}

void BlockQueue::finish(std::exception_ptr error) {
  {
    const std::scoped_lock lock(m_mutex);
    m_is_finished = true;
    m_finish_error = std::move(error);
  }
  m_changed.notify_all();
}

std::optional<std::string> BlockQueue::pop() {
  std::unique_lock lock(m_mutex);
  m_changed.wait(lock, [this] { return !m_blocks.empty() || m_is_finished; });
  if (m_blocks.empty()) {
    if (m_finish_error) std::rethrow_exception(m_finish_error);
    return std::nullopt;
  }
  std::string block = std::move(m_blocks.front());
  m_blocks.pop_front();
  lock.unlock();
  m_changed.notify_all();
  return block;
}

void BlockQueue::close(std::exception_ptr error) {
  {
    const std::scoped_lock lock(m_mutex);
    m_is_closed = true;
    m_close_error = std::move(error);
  }
  m_changed.notify_all();
}

}  // namespace spillway::drivers::sql
