#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/database.hpp"
#include "util/cancel.hpp"

namespace spillway::worker {

/// The connections that steps run on. There is a fixed number: a locked database makes no new ones. Thread-safe.
class ConnectionPool {
 public:
  ConnectionPool(engine::Database& database, std::size_t size);

  /// A connection of one step's own; goes back to the pool, without the step's temporary views and tables.
  class Loan {
   public:
    Loan(ConnectionPool& pool, engine::Connection connection) : m_pool(&pool), m_connection(std::move(connection)) {}
    Loan(Loan&& other) noexcept
        : m_pool(std::exchange(other.m_pool, nullptr)), m_connection(std::move(other.m_connection)) {}
    Loan& operator=(Loan&&) = delete;
    ~Loan();
    engine::Connection& operator*() { return m_connection; }

   private:
    ConnectionPool* m_pool;
    engine::Connection m_connection;
  };

  /// Waits until one is free; throws ErrorCode::cancelled when `cancel` is set first.
  Loan borrow(const CancelToken& cancel);
  /// Makes borrowers look at their cancel token again.
  void wake();

 private:
  void give_back(engine::Connection connection);

  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::vector<engine::Connection> m_free;
};

}  // namespace spillway::worker
