#include "drivers/postgres/copy_sender.hpp"

#include <exception>

namespace spillway::drivers::postgres {

CopySender::CopySender(ServerConnection& connection) : m_connection(connection), m_thread([this] { run(); }) {}

CopySender::~CopySender() {
  if (!m_thread.joinable()) return;
  m_connection.stop();
  m_blocks.finish();
  m_thread.join();
}

std::string CopySender::empty_block() {
  std::string block = m_blocks.used_block();
  block.clear();
  return block;
}

void CopySender::run() {
  try {
    while (auto block = m_blocks.pop()) {
      m_connection.put(*block);
      m_blocks.reuse(*std::move(block));
    }
  } catch (...) {
    m_error = std::current_exception();
    m_blocks.close(m_error);
  }
}

void CopySender::finish() {
  m_blocks.finish();
  m_thread.join();
  if (m_error) std::rethrow_exception(m_error);
}

}  // namespace spillway::drivers::postgres
