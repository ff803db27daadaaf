#include "drivers/mysql/server_connection.hpp"

#include <errmsg.h>
#include <fcntl.h>

#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "config/connection_fields.hpp"
#include "drivers/mysql/errno.hpp"
#include "drivers/mysql/parameters.hpp"
#include "drivers/mysql/waiting.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::mysql {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t k_default_timeout_seconds = 10;
constexpr std::uint64_t k_cancel_timeout_seconds = 3;
/// Packets of a loaded file are collected up to this size; the library's own default is 8 KiB, which costs a system
/// call for each.
constexpr unsigned long k_send_buffer_bytes = 256UL * 1024;
/// In a block, the length of a cell stands before it, or this for NULL.
constexpr auto k_null_length = std::numeric_limits<std::uint32_t>::max();
constexpr std::string_view k_sslmodes = "sslmode is one of disable, prefer, require, verify-ca, verify-full";

std::string ssl_mode(const Json& fields) {
  const std::string mode = config::field_text(fields, "sslmode");
  return mode.empty() ? "prefer" : mode;
}

/// The length in front of a text or a time, as the protocol packs it.
std::uint64_t take_length(unsigned char*& at) {
  constexpr unsigned char k_two_bytes = 252;
  constexpr unsigned char k_three_bytes = 253;
  const unsigned char first = *at++;
  if (first < k_two_bytes - 1) return first;
  const std::size_t size = first == k_two_bytes ? 2 : first == k_three_bytes ? 3 : sizeof(std::uint64_t);
  std::uint64_t length = 0;
  std::memcpy(&length, at, size);
  at += size;
  return length;
}

/// Bytes of a value in the binary protocol, or 0 where its length stands in front of it.
std::uint64_t fixed_size(enum_field_types type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
      return 1;
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_YEAR:
      return 2;
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_FLOAT:
      return sizeof(std::uint32_t);
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_DOUBLE:
      return sizeof(std::uint64_t);
    default:
      return 0;
  }
}

ServerColumn column_of(const MYSQL_FIELD& field) {
  ServerColumn column;
  column.name.assign(field.name, field.name_length);
  column.type = field.type;
  column.flags = field.flags;
  column.charset = field.charsetnr;
  column.decimals = field.decimals;
  column.length = field.length;
  for (const auto attribute : {MARIADB_FIELD_ATTR_DATA_TYPE_NAME, MARIADB_FIELD_ATTR_FORMAT_NAME}) {
    MARIADB_CONST_STRING text{};
    if (libmariadb().field_attr(&text, &field, attribute) == 0 && text.length > 0) {
      column.extended.assign(text.str, text.length);
    }
  }
  return column;
}

/// "Records: 3  Deleted: 0  Skipped: 1  Warnings: 0": the number behind a word.
std::uint64_t number_behind(std::string_view info, std::string_view word) {
  const std::size_t at = info.find(word);
  if (at == std::string_view::npos) return 0;
  std::string_view rest = info.substr(at + word.size());
  return parse_uint(rest.substr(0, rest.find(' '))).value_or(0);
}

Waiting::Deadline deadline_in(std::uint64_t seconds) {
  return std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
}

}  // namespace

/// The file of a LOAD DATA LOCAL: the server may ask for one at any time and by any name, and gets this or nothing.
struct ServerConnection::LocalFile {
  FileReader reader;
  const CancelToken& cancel;  ///< a server that takes all at once leaves nothing to wait for, where it would be seen
  std::optional<Error> error = std::nullopt;

  static int open(void** file, const char* /*name*/, void* connection) {
    *file = static_cast<ServerConnection*>(connection)->m_file;
    return *file == nullptr ? 1 : 0;
  }
  static int read(void* file, char* buffer, unsigned size) {
    auto& self = *static_cast<LocalFile*>(file);
    try {
      if (self.cancel.is_cancelled()) fail(ErrorCode::cancelled, "cancelled");
      const std::size_t taken = self.reader(buffer, size);
      Waiting::set_sending(taken > 0);
      return static_cast<int>(taken);
    } catch (...) {
      self.error = current_error();
      return -1;
    }
  }
  static void close(void* /*file*/) {}
  static int explain(void* /*file*/, char* buffer, unsigned size) {
    constexpr std::string_view k_text = "there is no such file";
    if (size > 0) buffer[k_text.copy(buffer, size - 1)] = '\0';
    return CR_UNKNOWN_ERROR;
  }
};

Error server_error(unsigned number, std::string_view message) {
  const ErrnoMeaning meaning = meaning_of(number);
  Error error =
      make_error(meaning.code, fmt::format("{} [error {}]", trim(message), number), std::string(meaning.hint));
  error.retryable = meaning.is_transient;
  return error;
}

ServerConnection::ServerConnection(ConnectOptions options, const CancelToken& cancel)
    : m_options(std::move(options)), m_cancel(cancel), m_connection(libmariadb().init(nullptr)) {
  if (m_connection == nullptr) fail(ErrorCode::out_of_memory, "out of memory");
  set_options();
  set_tls();
  connect();
  check_tls();
}

void ServerConnection::set_options() {
  const Libmariadb& api = libmariadb();
  MYSQL* mysql = m_connection.get();
  const unsigned protocol =
      config::field_text(m_options.fields, "socket").empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  api.options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  api.options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  api.options(mysql, MYSQL_OPT_NET_BUFFER_LENGTH, &k_send_buffer_bytes);
  api.options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", m_options.program_name.c_str());
  api.optionsv(mysql, MARIADB_OPT_IO_WAIT, &Waiting::wait);
  const unsigned allowed = 1;
  api.options(mysql, MYSQL_OPT_LOCAL_INFILE, &allowed);
  api.set_local_infile_handler(mysql, LocalFile::open, LocalFile::read, LocalFile::close, LocalFile::explain, this);
}

void ServerConnection::set_tls() {
  const Libmariadb& api = libmariadb();
  MYSQL* mysql = m_connection.get();
  const std::string mode = ssl_mode(m_options.fields);
  const bool is_known =
      mode == "disable" || mode == "prefer" || mode == "require" || mode == "verify-ca" || mode == "verify-full";
  if (!is_known) {
    fail(ErrorCode::connection, fmt::format("cannot connect to MySQL: invalid sslmode value: \"{}\"", mode),
         std::string(k_sslmodes));
  }
  const bool is_socket = !config::field_text(m_options.fields, "socket").empty();
  if (mode == "disable" || (mode == "prefer" && is_socket)) return;
  const my_bool yes = 1;
  const my_bool verifies_name = mode == "verify-full" ? 1 : 0;
  api.options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
  api.options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verifies_name);
  const auto set_file = [&](const char* name, mysql_option option) {
    const std::string path = config::field_text(m_options.fields, name);
    if (!path.empty()) api.options(mysql, option, (m_options.base_dir / path).lexically_normal().c_str());
  };
  // The library checks the chain as soon as it has an authority.
  if (mode.starts_with("verify")) set_file("sslrootcert", MYSQL_OPT_SSL_CA);
  set_file("sslcert", MYSQL_OPT_SSL_CERT);
  set_file("sslkey", MYSQL_OPT_SSL_KEY);
}

void ServerConnection::connect() {
  const Json& fields = m_options.fields;
  const std::string mode = ssl_mode(fields);
  if (mode == "verify-ca" && config::field_text(fields, "sslrootcert").empty()) {
    fail(ErrorCode::connection, "cannot connect to MySQL: sslmode verify-ca needs sslrootcert",
         "sslrootcert names the file of the authority that signed the server's certificate");
  }
  const std::string host = config::field_text(fields, "host");
  const std::string user = config::field_text(fields, "user");
  const std::string password = config::field_text(fields, "password");
  const std::string database = config::field_text(fields, "database");
  const std::string socket = config::field_text(fields, "socket");
  const auto port = parse_uint(config::field_text(fields, "port")).value_or(0);
  const auto seconds = parse_uint(config::field_text(fields, "connect_timeout")).value_or(k_default_timeout_seconds);
  const Waiting waiting(m_cancel, m_stop, deadline_in(m_options.timeout.value_or(seconds)));
  const bool is_connected =
      libmariadb().real_connect(m_connection.get(), host.empty() ? "localhost" : host.c_str(),
                                user.empty() ? nullptr : user.c_str(), password.c_str(),
                                database.empty() ? nullptr : database.c_str(), static_cast<unsigned>(port),
                                socket.empty() ? nullptr : socket.c_str(), 0) != nullptr;
  if (!is_connected) {
    if (m_cancel.is_cancelled()) fail(ErrorCode::cancelled, "cancelled");
    const unsigned number = libmariadb().error_number(m_connection.get());
    Error error = server_error(number, libmariadb().error(m_connection.get()));
    // Whatever it is, nothing was done yet.
    error.code = ErrorCode::connection;
    error.message = "cannot connect to MySQL: " + error.message;
    if (error.message.find("certificate has expired") != std::string::npos) {
      error.hint = "the server's certificate has expired: it needs a new one";
    }
    fail(std::move(error));
  }
  // With TLS, the library would read a blocking socket without asking Waiting.
  const auto handle = libmariadb().get_socket(m_connection.get());
  ::fcntl(handle, F_SETFL, ::fcntl(handle, F_GETFL) | O_NONBLOCK);
}

/// The library goes on without TLS when the server has none.
void ServerConnection::check_tls() {
  const std::string mode = ssl_mode(m_options.fields);
  if (mode == "disable" || mode == "prefer" || !tls_cipher().empty()) return;
  fail(ErrorCode::connection, "cannot connect to MySQL: the server does not support TLS",
       "sslmode: prefer or disable goes without TLS");
}

void ServerConnection::close() {
  m_connection.reset();
  m_statement.reset();
}

bool ServerConnection::is_mariadb() const {
  return std::string_view(libmariadb().get_server_info(m_connection.get())).find("MariaDB") != std::string_view::npos;
}

std::string ServerConnection::tls_cipher() const {
  const char* cipher = libmariadb().get_ssl_cipher(m_connection.get());
  return cipher == nullptr ? "" : cipher;
}

void ServerConnection::query(const std::string& sql) {
  if (is_stopped()) stop_as_cancelled();
  if (libmariadb().real_query(m_connection.get(), sql.data(), sql.size()) != 0) fail_connection();
}

Written ServerConnection::execute(const std::string& sql) {
  const Waiting waiting(m_cancel, m_stop);
  query(sql);
  const ResultHandle result(libmariadb().store_result(m_connection.get()));
  const char* info = libmariadb().info(m_connection.get());
  const std::string_view counts = info == nullptr ? "" : info;
  return {libmariadb().affected_rows(m_connection.get()), number_behind(counts, "Skipped: "),
          libmariadb().warning_count(m_connection.get())};
}

Written ServerConnection::load(const std::string& sql, FileReader file) {
  LocalFile local{std::move(file), m_cancel};
  m_file = &local;
  try {
    const Written written = execute(sql);
    m_file = nullptr;
    if (!local.error) return written;
  } catch (const Exception&) {
    m_file = nullptr;
    if (!local.error) throw;
  }
  m_connection.reset();
  fail(*std::move(local.error));
}

std::vector<TextRow> ServerConnection::rows(const std::string& sql) {
  const Waiting waiting(m_cancel, m_stop);
  query(sql);
  const ResultHandle result(libmariadb().store_result(m_connection.get()));
  std::vector<TextRow> rows;
  if (result == nullptr) return rows;
  const unsigned columns = libmariadb().num_fields(result.get());
  while (MYSQL_ROW row = libmariadb().fetch_row(result.get())) {
    const unsigned long* lengths = libmariadb().fetch_lengths(result.get());
    TextRow& cells = rows.emplace_back();
    for (unsigned i = 0; i < columns; ++i) {
      cells.push_back(row[i] == nullptr ? std::nullopt : std::optional(std::string(row[i], lengths[i])));
    }
  }
  return rows;
}

std::string ServerConnection::text(const std::string& sql) {
  const std::vector<TextRow> found = rows(sql);
  return found.empty() || found[0].empty() ? std::string() : found[0][0].value_or("");
}

void ServerConnection::prepare(const std::string& sql) {
  m_statement.reset(libmariadb().stmt_init(m_connection.get()));
  if (m_statement == nullptr) fail(ErrorCode::out_of_memory, "out of memory");
  if (libmariadb().stmt_prepare(m_statement.get(), sql.data(), sql.size()) != 0) fail_statement();
}

void ServerConnection::read_columns() {
  m_columns.clear();
  const ResultHandle metadata(libmariadb().stmt_result_metadata(m_statement.get()));
  if (metadata == nullptr) return;
  const MYSQL_FIELD* fields = libmariadb().fetch_fields(metadata.get());
  for (unsigned i = 0; i < libmariadb().num_fields(metadata.get()); ++i) m_columns.push_back(column_of(fields[i]));
}

std::vector<ServerColumn> ServerConnection::describe(const std::string& sql) {
  const Waiting waiting(m_cancel, m_stop);
  prepare(sql);
  read_columns();
  m_statement.reset();
  return std::move(m_columns);
}

void ServerConnection::start_rows(const std::string& sql, const Json& parameters) {
  const Waiting waiting(m_cancel, m_stop);
  prepare(sql);
  const unsigned long wanted = libmariadb().stmt_param_count(m_statement.get());
  if (wanted != parameters.size()) {
    fail(ErrorCode::invalid_config,
         fmt::format("the statement has {} placeholders '?', and params {} values", wanted, parameters.size()),
         "params: [1, \"two\"] gives one value for each '?'");
  }
  // Before it runs: what returns nothing may change something, and DDL does so in a transaction that only reads.
  read_columns();
  if (m_columns.empty()) fail(ErrorCode::invalid_config, "the statement returns no columns");
  BoundParameters bound(parameters);
  if (wanted > 0) libmariadb().stmt_bind_param(m_statement.get(), bound.binds());
  // Cells are handed to on_cell where they lie in the packet: nothing is copied before it is decoded.
  libmariadb().stmt_attr_set(m_statement.get(), STMT_ATTR_CB_USER_DATA, this);
  libmariadb().stmt_attr_set(m_statement.get(), STMT_ATTR_CB_RESULT, reinterpret_cast<const void*>(&on_cell));
  if (libmariadb().stmt_execute(m_statement.get()) != 0) fail_statement();
  // Only now are the types of expressions with parameters known.
  read_columns();
}

void ServerConnection::on_cell(void* self, unsigned column, unsigned char** row) {
  auto& connection = *static_cast<ServerConnection*>(self);
  const std::uint64_t fixed = fixed_size(connection.m_columns[column].type);
  std::uint32_t length = k_null_length;
  if (row != nullptr) length = static_cast<std::uint32_t>(fixed > 0 ? fixed : take_length(*row));
  connection.m_block->append(reinterpret_cast<const char*>(&length), sizeof length);
  if (row == nullptr) return;
  connection.m_block->append(reinterpret_cast<const char*>(*row), length);
  *row += length;
}

bool ServerConnection::next_rows(std::string& block, std::size_t enough) {
  const Waiting waiting(m_cancel, m_stop);
  block.clear();
  m_block = &block;
  int outcome = 0;
  while (outcome == 0 && block.size() < enough) outcome = libmariadb().stmt_fetch(m_statement.get());
  if (outcome != 0 && outcome != MYSQL_NO_DATA) fail_statement();
  return outcome == 0;
}

void ServerConnection::fail_connection() {
  fail_number(libmariadb().error_number(m_connection.get()), libmariadb().error(m_connection.get()));
}

void ServerConnection::fail_statement() {
  // What ends a statement after its first row is the connection's error alone.
  if (libmariadb().stmt_errno(m_statement.get()) == 0) fail_connection();
  fail_number(libmariadb().stmt_errno(m_statement.get()), libmariadb().stmt_error(m_statement.get()));
}

void ServerConnection::fail_number(unsigned number, const char* message) {
  if (is_stopped()) stop_as_cancelled();
  m_last_error = number;
  fail(server_error(number, message));
}

/// A server that computes does not notice that its client has gone: a second connection tells it.
void ServerConnection::stop_as_cancelled() {
  const unsigned long id = libmariadb().thread_id(m_connection.get());
  m_connection.reset();
  try {
    ConnectOptions options = m_options;
    options.timeout = k_cancel_timeout_seconds;
    const CancelToken never;
    ServerConnection(options, never).execute(fmt::format("KILL {}", id));
  } catch (const Exception&) {  // it has ended already, or cannot be reached: nothing more can be done
  }
  fail(ErrorCode::cancelled, "cancelled");
}

void take_row(std::string_view& rows, std::span<sql::Field> fields) {
  for (sql::Field& field : fields) {
    std::uint32_t length = 0;
    std::memcpy(&length, rows.data(), sizeof length);
    rows.remove_prefix(sizeof length);
    field = length == k_null_length ? sql::Field{} : sql::Field{rows.data(), length};
    rows.remove_prefix(field.length);
  }
}

std::string text_literal(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\\' || c == '\'') literal += c;
    literal += c;
  }
  return literal += '\'';
}

}  // namespace spillway::drivers::mysql
