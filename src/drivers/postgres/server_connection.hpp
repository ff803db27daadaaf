#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/postgres/libpq.hpp"
#include "drivers/sql/cells.hpp"
#include "util/cancel.hpp"
#include "util/error.hpp"

namespace spillway::drivers::postgres {

constexpr char k_name_quote = '"';

/// Whom to connect to, and as whom the server sees us.
struct ConnectOptions {
  const nlohmann::json& fields;    ///< of the connection: config/connection_fields.hpp
  std::filesystem::path base_dir;  ///< where relative paths of certificates start
  std::string application_name;    ///< the server cuts it to 63 bytes
};

/// A column of a result, in the server's terms.
struct ServerColumn {
  std::string name;
  Oid type = 0;
  int type_modifier = -1;
};

using TextRow = std::vector<std::optional<std::string>>;

/// One connection to a PostgreSQL server; one thread at a time. Every call waits with an eye on the cancel token: a
/// cancelled one asks the server to stop, closes the connection and throws ErrorCode::cancelled. What the server
/// reports is thrown with its SQLSTATE, detail and place.
class ServerConnection {
 public:
  /// Connects; throws ErrorCode::connection, retryable when trying again may help. Never shows a secret.
  ServerConnection(const ConnectOptions& options, const CancelToken& cancel);

  int server_version() const;  ///< 150018
  std::string parameter(const char* name) const;
  /// "TLSv1.3", or empty without TLS.
  std::string tls_version() const;

  /// Runs one or several statements; their rows are dropped. Returns the rows that the last one changed.
  std::uint64_t execute(const std::string& sql);
  /// A small result as text. Parameters are bound as $1, $2…
  std::vector<TextRow> rows(const std::string& sql, const TextRow& parameters = {});
  /// The first cell of the first row; empty when it is NULL or there is none.
  std::string text(const std::string& sql, const TextRow& parameters = {});
  /// The columns that a statement would return.
  std::vector<ServerColumn> describe(const std::string& sql);

  /// Starts COPY … TO STDOUT (FORMAT binary).
  void start_copy_out(const std::string& sql);
  /// Starts a statement whose rows come one by one, in binary.
  void start_rows(const std::string& sql, const TextRow& parameters);
  /// Fills a block with rows of a COPY for take_row, in place of what is in it, until they are so many bytes; false
  /// when they are the last.
  bool next_copied(std::string& rows, std::size_t enough);
  /// The next row of start_rows; false at its end. Fields are valid until the next call.
  bool next_row(std::span<sql::Field> fields);

  /// Makes the call that waits in another thread, and each one after it, end as cancelled.
  void stop() { m_is_stopped = true; }

  /// Starts COPY … FROM STDIN.
  void start_copy_in(const std::string& sql);
  void put(std::string_view bytes);
  /// Ends the COPY and returns the rows that the server counted.
  std::uint64_t end_copy_in();

 private:
  void connect(const ConnectOptions& options);
  void wait(short events);
  void consume();
  void gather();
  int take_message(char* into, std::size_t room);
  bool take_bytes(std::span<char> bytes);
  bool skip_copy_header();
  std::size_t take_copied(std::string& bytes, std::size_t size);
  void end_copy_out();
  void flush();
  [[noreturn]] void fail_lost();
  [[noreturn]] void stop_as_cancelled();
  ResultHandle next_result();
  /// The last result of what was sent; throws if one of them is an error.
  ResultHandle last_result(std::string_view sql = {});
  void send(const std::string& sql, const TextRow& parameters, bool in_binary);
  void check_sent(int sent);

  ConnectionHandle m_connection;
  const CancelToken& m_cancel;
  std::atomic<bool> m_is_stopped{false};
  bool m_is_copy_start = false;
  std::chrono::microseconds m_pause{400};
  std::size_t m_gathered = 0;  ///< bytes, since the last pause
  ResultHandle m_row;
};

/// Takes a row off the front of what next_copied made. Fields point into it.
void take_row(std::string_view& rows, std::span<sql::Field> fields);

/// What a failed result says; with the statement's text, also the line and column that the server points at.
Error server_error(const PGresult* result, std::string_view sql = {});

}  // namespace spillway::drivers::postgres
