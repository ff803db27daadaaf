#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/type.hpp"
#include "util/cancel.hpp"
#include "util/error.hpp"

struct _duckdb_connection;

namespace spillway::engine {

class ResultStream;

struct Progress {
  double percent = -1;  ///< 0 to 100; negative while the engine cannot tell
  std::uint64_t rows = 0;
};

/// How a running statement is watched. `poll` is called about every 20 ms on the thread that runs the statement.
struct StatementControl {
  const CancelToken* cancel = nullptr;
  /// Returns true to interrupt the statement, which then fails with ErrorCode::cancelled.
  std::function<bool(const Progress&)> poll;
  /// What a stream reads can be read again: where the engine loses the reason of a failure (ResultStream::next), the
  /// statement is run once more for it.
  bool may_repeat = false;
};

/// One connection to a Database: one statement at a time, one thread at a time, apart from interrupt(). Must not
/// outlive the Database.
class Connection {
 public:
  explicit Connection(_duckdb_connection* handle);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// Runs one statement to its end and returns the rows it changed or wrote. Throws an Exception with the engine's
  /// message; a cancelled or interrupted statement with ErrorCode::cancelled.
  std::uint64_t execute(const std::string& sql, const StatementControl& control = {});
  /// Runs one statement and hands its rows over chunk by chunk, without collecting them.
  ResultStream stream(const std::string& sql, const StatementControl& control = {});
  /// A small result as text, row by row; NULL as an empty optional. For catalogs and checks, not for data: the engine
  /// collects it.
  std::vector<std::vector<std::optional<std::string>>> rows(const std::string& sql);
  /// The first cell of the first row as an integer; 0 without rows.
  std::uint64_t count(const std::string& sql);

  /// Columns that the statement would return, without running it. Throws on a text that cannot be bound.
  Schema describe(const std::string& sql);
  /// Fails unless `sql` is exactly one statement, and that one only reads (SELECT, FROM, VALUES, WITH … SELECT).
  Result<void> check_single_select(const std::string& sql);

  /// Interrupts the running statement, if any. Callable from any thread.
  void interrupt();
  /// Progress of the running statement. Callable from any thread.
  Progress progress() const;

 private:
  friend class Database;
  friend class ResultStream;
  /// Runs a statement to its end; its rows are collected.
  ResultStream collect(const std::string& sql);

  _duckdb_connection* m_handle = nullptr;
};

}  // namespace spillway::engine
