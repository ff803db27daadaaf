#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/mysql/libmariadb.hpp"
#include "drivers/sql/cells.hpp"
#include "util/cancel.hpp"
#include "util/error.hpp"

namespace spillway::drivers::mysql {

/// Whom to connect to, and as whom the server sees us.
struct ConnectOptions {
  const nlohmann::json& fields;    ///< of the connection: config/connection_fields.hpp
  std::filesystem::path base_dir;  ///< where relative paths of certificates start
  std::string program_name;        ///< a connection attribute
  /// Seconds to wait for the server, in place of the connection's own number.
  std::optional<std::uint64_t> timeout = std::nullopt;
};

/// The text as a literal of a statement. Unlike in SQL, a backslash means something in it.
std::string text_literal(std::string_view text);

/// A column of a result, in the server's terms.
struct ServerColumn {
  std::string name;
  enum_field_types type = MYSQL_TYPE_NULL;
  unsigned flags = 0;
  unsigned charset = 0;
  unsigned decimals = 0;
  unsigned long length = 0;  ///< of its longest text
  std::string extended;      ///< what MariaDB adds: "uuid", "inet6", "json"; else empty

  bool is_unsigned() const { return (flags & UNSIGNED_FLAG) != 0; }
};

using TextRow = std::vector<std::optional<std::string>>;

/// Fills a buffer with the next bytes of a file; 0 at its end.
using FileReader = std::function<std::size_t(char* buffer, std::size_t size)>;

/// What the server made of LOAD DATA or INSERT.
struct Written {
  std::uint64_t rows = 0;
  std::uint64_t skipped = 0;
  std::uint64_t warnings = 0;
};

/// One connection to a MariaDB or MySQL server; one thread at a time. Every call waits with an eye on the cancel
/// token: a cancelled one asks the server to stop, closes the connection and throws ErrorCode::cancelled. What the
/// server reports is thrown with its number.
class ServerConnection {
 public:
  /// Connects; throws ErrorCode::connection, retryable when trying again may help. Never shows a secret.
  ServerConnection(ConnectOptions options, const CancelToken& cancel);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;
  ~ServerConnection() = default;

  /// Ends it, and with it a transaction that is open.
  void close();

  bool is_mariadb() const;
  /// "TLS_AES_256_GCM_SHA384", or empty without TLS.
  std::string tls_cipher() const;
  /// Of the error that was thrown last; 0 when there was none.
  unsigned last_error() const { return m_last_error; }

  /// Runs one statement that returns no rows.
  Written execute(const std::string& sql);
  /// The same for LOAD DATA LOCAL INFILE, whose file is what `file` gives. What it throws is thrown on; the server
  /// then has a part of the rows, and the connection is closed, so that nothing of them is committed.
  Written load(const std::string& sql, FileReader file);
  /// A small result as text.
  std::vector<TextRow> rows(const std::string& sql);
  /// The first cell of the first row; empty when it is NULL or there is none.
  std::string text(const std::string& sql);
  /// The columns that a statement would return, as far as the server knows before it runs.
  std::vector<ServerColumn> describe(const std::string& sql);

  /// Starts a statement; its rows come one by one, in binary. Parameters are bound to its placeholders. Throws
  /// invalid_config, without running it, when it returns none.
  void start_rows(const std::string& sql, const nlohmann::json& parameters);
  /// Of the started statement.
  const std::vector<ServerColumn>& columns() const { return m_columns; }
  /// Fills a block with rows for take_row, in place of what is in it, until they are so many bytes; false when they
  /// are the last.
  bool next_rows(std::string& block, std::size_t enough);
  /// From another thread: what waits for the server ends as if it were cancelled.
  void stop() { m_stop.cancel(); }

 private:
  struct LocalFile;

  bool is_stopped() const { return m_cancel.is_cancelled() || m_stop.is_cancelled(); }
  void connect();
  void set_options();
  void set_tls();
  void check_tls();
  void query(const std::string& sql);
  void prepare(const std::string& sql);
  void read_columns();
  static void on_cell(void* self, unsigned column, unsigned char** row);
  [[noreturn]] void fail_connection();
  [[noreturn]] void fail_statement();
  [[noreturn]] void stop_as_cancelled();
  [[noreturn]] void fail_number(unsigned number, const char* message);

  ConnectOptions m_options;
  const CancelToken& m_cancel;
  CancelToken m_stop;
  unsigned m_last_error = 0;
  std::vector<ServerColumn> m_columns;
  std::string* m_block = nullptr;  ///< that the row which is being fetched is appended to
  LocalFile* m_file = nullptr;     ///< of the statement that is running
  // Closed in the reverse order: the connection first, so that rows which nobody wants are not read.
  StatementHandle m_statement;
  ConnectionHandle m_connection;
};

/// Takes a row from the front of a block.
void take_row(std::string_view& rows, std::span<sql::Field> fields);

/// An error of the server or the client library.
Error server_error(unsigned number, std::string_view message);

}  // namespace spillway::drivers::mysql
