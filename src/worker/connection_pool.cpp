#include "worker/connection_pool.hpp"

#include <utility>

#include <fmt/format.h>

#include "engine/sql.hpp"

namespace spillway::worker {
namespace {

/// Temporary objects live as long as their connection: the next step must not see them.
void drop_temporary_objects(engine::Connection& connection) {
  const auto views = connection.rows("SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal");
  for (const auto& row : views) {
    connection.execute("DROP VIEW IF EXISTS temp." + engine::quote_identifier(row[0].value()));
  }
  const auto tables = connection.rows("SELECT table_name FROM duckdb_tables() WHERE temporary AND NOT internal");
  for (const auto& row : tables) {
    connection.execute("DROP TABLE IF EXISTS temp." + engine::quote_identifier(row[0].value()));
  }
}

}  // namespace

ConnectionPool::ConnectionPool(engine::Database& database, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) m_free.push_back(database.connect());
}

ConnectionPool::Loan::~Loan() {
  if (m_pool != nullptr) m_pool->give_back(std::move(m_connection));
}

ConnectionPool::Loan ConnectionPool::borrow(const CancelToken& cancel) {
  std::unique_lock lock(m_mutex);
  m_changed.wait(lock, [&] { return !m_free.empty() || cancel.is_cancelled(); });
  if (cancel.is_cancelled()) fail(ErrorCode::cancelled, "cancelled before it started");
  engine::Connection connection = std::move(m_free.back());
  m_free.pop_back();
  return {*this, std::move(connection)};
}

void ConnectionPool::wake() {
  const std::scoped_lock lock(m_mutex);
  m_changed.notify_all();
}

void ConnectionPool::give_back(engine::Connection connection) {
  try {
    drop_temporary_objects(connection);
  } catch (const Exception&) {
    // A database that cannot drop a view is broken; the next statement on this connection will say so.
  }
  const std::scoped_lock lock(m_mutex);
  m_free.push_back(std::move(connection));
  m_changed.notify_all();
}

}  // namespace spillway::worker
