#include "drivers/postgres/server_connection.hpp"

#include <arpa/inet.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "config/connection_fields.hpp"
#include "drivers/postgres/pooler.hpp"
#include "drivers/postgres/sqlstate.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

using Json = nlohmann::json;

constexpr int k_poll_milliseconds = 50;
constexpr std::size_t k_gathered_bytes = std::size_t{80} * 1024;
constexpr std::chrono::microseconds k_min_pause(100);
constexpr std::chrono::microseconds k_max_pause(2000);
constexpr int k_default_timeout_seconds = 10;
constexpr std::size_t k_copy_signature_bytes = 11;
constexpr std::size_t k_copy_header_bytes = 19;
constexpr std::string_view k_copy_end("\377\377", 2);  ///< stands where a row would have its number of fields
constexpr std::size_t k_room_bytes = std::size_t{32} * 1024;

/// What libpq takes, in its order: the DSN first, as what follows overrules its parts.
class Parameters {
 public:
  void add(const char* keyword, std::string value) {
    if (value.empty()) return;
    m_keywords.push_back(keyword);
    m_values.push_back(std::move(value));
  }
  PGconn* start() const {
    std::vector<const char*> keywords = m_keywords;
    std::vector<const char*> values;
    for (const std::string& value : m_values) values.push_back(value.c_str());
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    constexpr int k_expand_dsn = 1;
    return libpq().connect_start(keywords.data(), values.data(), k_expand_dsn);
  }

 private:
  std::vector<const char*> m_keywords;
  std::vector<std::string> m_values;
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// libpq quotes what it does not understand of a DSN, which may be the password.
void check_dsn(const std::string& dsn) {
  char* reason = nullptr;
  PQconninfoOption* options = libpq().conninfo_parse(dsn.c_str(), &reason);
  const bool is_parameter = reason != nullptr && contains(reason, "URI query parameter");
  libpq().freemem(reason);
  if (options == nullptr) {
    fail(
        ErrorCode::connection, "cannot connect to PostgreSQL: the connection's dsn cannot be read",
        is_parameter
            ? "leave out what stands behind its ? for another tool (pgbouncer=true), and encode a ? of the password "
              "as %3F"
            : "write postgresql://user:password@host:port/database, and encode special characters (@ as %40), or use "
              "the fields host, port, database, user and password, which take them as they are");
  }
  libpq().conninfo_free(options);
}

std::string path_text(const ConnectOptions& options, const char* name) {
  const std::string path = config::field_text(options.fields, name);
  return path.empty() || path == "system" ? path : (options.base_dir / path).lexically_normal().string();
}

Parameters parameters_of(const ConnectOptions& options) {
  const Json& fields = options.fields;
  Parameters parameters;
  const std::string dsn = config::field_text(fields, "dsn");
  if (!dsn.empty()) check_dsn(dsn);
  parameters.add("dbname", dsn);
  const std::string socket = config::field_text(fields, "socket");
  const std::string host = config::field_text(fields, "host");
  parameters.add("host", !socket.empty() ? socket : host.empty() && dsn.empty() ? "localhost" : host);
  for (const char* name : {"port", "user", "password", "sslmode"})
    parameters.add(name, config::field_text(fields, name));
  parameters.add("dbname", config::field_text(fields, "database"));
  for (const char* name : {"sslrootcert", "sslcert", "sslkey"}) parameters.add(name, path_text(options, name));
  parameters.add("client_encoding", "UTF8");
  parameters.add("application_name", options.application_name);
  // Passwords come from the connection alone.
  parameters.add("passfile", "/dev/null");
  return parameters;
}

std::chrono::seconds connect_timeout(const Json& fields) {
  const auto seconds = parse_uint(config::field_text(fields, "connect_timeout"));
  return std::chrono::seconds(seconds.value_or(k_default_timeout_seconds));
}

/// libpq's words on one line, without its question whether the server is running, which the hint answers.
std::string one_line(std::string_view reason) {
  std::vector<std::string> lines;
  for (const std::string& line : split(reason, '\n')) {
    const std::string_view text = trim(line);
    if (!text.empty() && !text.starts_with("Is the server running")) lines.emplace_back(text);
  }
  return join(lines, "; ");
}

/// libpq tells why a connection failed in words only.
Error connect_error(std::string_view reason) {
  Error error = make_error(ErrorCode::connection, fmt::format("cannot connect to PostgreSQL: {}", one_line(reason)));
  if (const auto refusal = pooler_refusal(reason)) {
    error.retryable = refusal->is_transient;
    error.hint = refusal->hint;
  } else if (contains(reason, "password authentication failed") || contains(reason, "SASL authentication failed") ||
             contains(reason, "no password supplied")) {
    error.hint = "check user and password of the connection";
  } else if (contains(reason, "certificate verify failed") || contains(reason, "root certificate")) {
    // libpq does not tell which of the two it is.
    error.hint =
        "sslrootcert names the file of the authority that signed the server's certificate; or that has expired";
  } else if (contains(reason, "server certificate for")) {
    error.hint = "use the name that the certificate is for as host, or sslmode: verify-ca";
  } else if (contains(reason, "does not support SSL")) {
    error.hint = "sslmode: prefer or disable goes without TLS";
  } else if (contains(reason, "does not exist") || contains(reason, "no such database") ||
             contains(reason, "no such user")) {
    error.hint = "check database and user of the connection";
  } else if (contains(reason, "invalid sslmode value")) {
    error.hint = "sslmode is one of disable, prefer, require, verify-ca, verify-full";
  } else {
    for (const char* transient :
         {"Connection refused", "the database system is ", "too many", "remaining connection slots",
          "timeout expired", "reset by peer", "closed the connection", "Temporary failure"}) {
      if (contains(reason, transient)) error.retryable = true;
    }
    error.hint = "check host and port of the connection, and that the server runs";
  }
  return error;
}

void ignore_notice(void*, const char*) {}

std::string error_field(const PGresult* result, int field) {
  const char* text = libpq().result_error_field(result, field);
  return text == nullptr ? "" : text;
}

/// " at line 2, column 8": where the character is that the server counted, from 1.
std::string place_text(std::string_view sql, std::uint64_t position) {
  const std::string_view before = sql.substr(0, byte_of_character(sql, position == 0 ? 0 : position - 1));
  const auto lines = std::ranges::count(before, '\n');
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  std::size_t column = 1;
  while (byte_of_character(before.substr(line_start), column - 1) < before.size() - line_start) ++column;
  return fmt::format(" at line {}, column {}", lines + 1, column);
}

bool is_failure(ExecStatusType status) {
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_NONFATAL_ERROR;
}

std::uint64_t changed_rows(PGresult* result) { return parse_uint(libpq().cmd_tuples(result)).value_or(0); }

[[noreturn]] void fail_copy_format() {
  fail(ErrorCode::protocol, "cannot read what the server copies: it is not PostgreSQL's binary format",
       "does a proxy in between change it?");
}

template <typename T>
T take_number(const char*& at, const char* end) {
  if (end - at < static_cast<std::ptrdiff_t>(sizeof(T))) fail_copy_format();
  T value{};
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  if constexpr (sizeof(T) == sizeof(std::uint16_t)) return static_cast<T>(ntohs(static_cast<std::uint16_t>(value)));
  return static_cast<T>(ntohl(static_cast<std::uint32_t>(value)));
}

/// Whether these are all the bytes of a row, of which more may be to come.
bool is_whole_row(std::string_view row) {
  const char* at = row.data();
  const char* const end = at + row.size();
  if (row.size() < sizeof(std::int16_t)) return false;
  for (int left = take_number<std::int16_t>(at, end); left > 0; --left) {
    if (end - at < static_cast<std::ptrdiff_t>(sizeof(std::int32_t))) return false;
    const auto size = std::max(take_number<std::int32_t>(at, end), 0);
    if (end - at < size) return false;
    at += size;
  }
  return true;
}

}  // namespace

void take_row(std::string_view& rows, std::span<sql::Field> fields) {
  std::uint32_t size_of_row = 0;
  std::memcpy(&size_of_row, rows.data(), sizeof size_of_row);
  const char* at = rows.data() + sizeof size_of_row;
  const char* const end = at + size_of_row;
  rows.remove_prefix(sizeof size_of_row + size_of_row);
  if (static_cast<std::size_t>(take_number<std::int16_t>(at, end)) != fields.size()) fail_copy_format();
  for (sql::Field& field : fields) {
    const auto size = take_number<std::int32_t>(at, end);
    field = size < 0 ? sql::Field{} : sql::Field{at, static_cast<std::uint32_t>(size)};
    if (size < 0) continue;
    if (end - at < size) fail_copy_format();
    at += size;
  }
  if (at != end) fail_copy_format();
}

Error server_error(const PGresult* result, std::string_view sql) {
  const std::string state = error_field(result, PG_DIAG_SQLSTATE);
  const SqlStateMeaning meaning = meaning_of(state);
  std::string message = error_field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (const std::string detail = error_field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty()) {
    message += fmt::format(": {}", detail.ends_with('.') ? detail.substr(0, detail.size() - 1) : detail);
  }
  // "COPY orders, line 5000000": which row it was.
  const std::string context = error_field(result, PG_DIAG_CONTEXT);
  if (context.starts_with("COPY ")) message += fmt::format(" ({})", split(context, '\n').front());
  if (const auto position = parse_uint(error_field(result, PG_DIAG_STATEMENT_POSITION)); position && !sql.empty()) {
    message += place_text(sql, *position);
  }
  if (!state.empty()) message += fmt::format(" [SQLSTATE {}]", state);
  std::string hint = error_field(result, PG_DIAG_MESSAGE_HINT);
  if (hint.empty()) hint = meaning.hint;
  Error error = make_error(meaning.code, std::move(message), std::move(hint));
  error.retryable = meaning.is_transient;
  return error;
}

ServerConnection::ServerConnection(const ConnectOptions& options, const CancelToken& cancel) : m_cancel(cancel) {
  connect(options);
}

void ServerConnection::connect(const ConnectOptions& options) {
  const Libpq& pq = libpq();
  m_connection.reset(parameters_of(options).start());
  if (m_connection == nullptr) fail(ErrorCode::out_of_memory, "out of memory");
  pq.set_notice_processor(m_connection.get(), ignore_notice, nullptr);
  const auto deadline = std::chrono::steady_clock::now() + connect_timeout(options.fields);
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK) {
    if (status == PGRES_POLLING_FAILED || pq.status(m_connection.get()) == CONNECTION_BAD) {
      fail(connect_error(pq.error_message(m_connection.get())));
    }
    pollfd polled{pq.socket(m_connection.get()),
                  static_cast<short>(status == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    const int ready = ::poll(&polled, 1, k_poll_milliseconds);
    if (m_cancel.is_cancelled()) fail(ErrorCode::cancelled, "cancelled");
    if (ready > 0) {
      status = pq.connect_poll(m_connection.get());
    } else if (std::chrono::steady_clock::now() > deadline) {
      fail(connect_error("timeout expired"));
    }
  }
  pq.set_nonblocking(m_connection.get(), 1);
}

int ServerConnection::server_version() const { return libpq().server_version(m_connection.get()); }

std::string ServerConnection::parameter(const char* name) const {
  const char* value = libpq().parameter_status(m_connection.get(), name);
  return value == nullptr ? "" : value;
}

std::string ServerConnection::tls_version() const {
  const char* value = libpq().ssl_attribute(m_connection.get(), "protocol");
  return value == nullptr ? "" : value;
}

/// Waits until the socket has something, or can take something.
void ServerConnection::wait(short events) {
  pollfd polled{libpq().socket(m_connection.get()), events, 0};
  for (;;) {
    const int ready = ::poll(&polled, 1, k_poll_milliseconds);
    if (m_cancel.is_cancelled() || m_is_stopped) stop_as_cancelled();
    if (ready > 0) break;
  }
  if ((polled.revents & POLLOUT) == 0 || (polled.revents & POLLIN) != 0) {
    if (libpq().consume_input(m_connection.get()) == 0) fail_lost();
  }
}

/// Takes what there is, without waiting.
void ServerConnection::consume() {
  if (m_cancel.is_cancelled() || m_is_stopped) stop_as_cancelled();
  if (libpq().consume_input(m_connection.get()) == 0) fail_lost();
}

/// Waits a moment for rows of a COPY.
///
/// The server sends them in pieces of 8 KB, and who waits for each of them is woken for each of them, which costs
/// both ends more than the rows do. A socket holds some 20 pieces, and a server that finds it full stands still. So
/// the moment is as long as about 10 of them take.
void ServerConnection::gather() {
  if (m_gathered > 0) {
    const std::chrono::microseconds wanted = m_pause * k_gathered_bytes / m_gathered;
    m_pause = std::clamp((m_pause + wanted) / 2, k_min_pause, k_max_pause);
    m_gathered = 0;
  }
  std::this_thread::sleep_for(m_pause);
  consume();
}

/// Copies the next message of a COPY, or as much of it as there is room for; then the next call copies what follows.
/// Returns the number of bytes, or what is below 0 at the COPY's end.
///
/// PQgetlineAsync is the one way out of libpq without a piece of memory for each row.
int ServerConnection::take_message(char* into, std::size_t room) {
  const auto take = [&, at_most = static_cast<int>(std::min<std::size_t>(room, std::numeric_limits<int>::max()))] {
    return libpq().getline_async(m_connection.get(), into, at_most);
  };
  int length = take();
  if (length == 0) {
    consume();
    length = take();
  }
  if (length == 0) {
    gather();
    length = take();
  }
  while (length == 0) {
    wait(POLLIN);
    length = take();
  }
  if (length > 0) m_gathered += static_cast<std::size_t>(length);
  return length;
}

void ServerConnection::stop_as_cancelled() {
  const CancelHandle cancel(libpq().get_cancel(m_connection.get()));
  std::array<char, 256> ignored{};
  if (cancel != nullptr) libpq().cancel(cancel.get(), ignored.data(), static_cast<int>(ignored.size()));
  m_connection.reset();
  fail(ErrorCode::cancelled, "cancelled");
}

void ServerConnection::fail_lost() {
  const std::string reason = one_line(libpq().error_message(m_connection.get()));
  const SqlStateMeaning meaning = meaning_of("");
  const PoolerRefusal refusal = pooler_refusal(reason).value_or(PoolerRefusal{meaning.is_transient, meaning.hint});
  Error error = make_error(meaning.code, fmt::format("lost the connection to PostgreSQL: {}", reason),
                           std::string(refusal.hint));
  error.retryable = refusal.is_transient;
  fail(std::move(error));
}

void ServerConnection::flush() {
  for (;;) {
    const int left = libpq().flush(m_connection.get());
    if (left == 0) return;
    if (left < 0) fail_lost();
    wait(POLLIN | POLLOUT);
  }
}

void ServerConnection::check_sent(int sent) {
  if (sent == 0) fail_lost();
  flush();
}

ResultHandle ServerConnection::next_result() {
  while (libpq().is_busy(m_connection.get()) != 0) wait(POLLIN);
  return ResultHandle(libpq().get_result(m_connection.get()));
}

ResultHandle ServerConnection::last_result(std::string_view sql) {
  ResultHandle last;
  std::optional<Error> error;
  while (ResultHandle result = next_result()) {
    if (is_failure(libpq().result_status(result.get())) && !error) error = server_error(result.get(), sql);
    const ExecStatusType status = libpq().result_status(result.get());
    last = std::move(result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) break;
  }
  if (error) fail(*std::move(error));
  return last;
}

void ServerConnection::send(const std::string& sql, const TextRow& parameters, bool in_binary) {
  std::vector<const char*> values;
  for (const auto& value : parameters) values.push_back(value ? value->c_str() : nullptr);
  check_sent(libpq().send_query_params(m_connection.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                                       values.data(), nullptr, nullptr, in_binary ? 1 : 0));
}

std::uint64_t ServerConnection::execute(const std::string& sql) {
  check_sent(libpq().send_query(m_connection.get(), sql.c_str()));
  const ResultHandle result = last_result();
  return result == nullptr ? 0 : changed_rows(result.get());
}

std::vector<TextRow> ServerConnection::rows(const std::string& sql, const TextRow& parameters) {
  send(sql, parameters, /*in_binary=*/false);
  const ResultHandle result = last_result();
  std::vector<TextRow> rows;
  if (result == nullptr) return rows;
  for (int row = 0; row < libpq().ntuples(result.get()); ++row) {
    TextRow& cells = rows.emplace_back();
    for (int column = 0; column < libpq().nfields(result.get()); ++column) {
      const bool is_null = libpq().getisnull(result.get(), row, column) != 0;
      cells.push_back(is_null ? std::nullopt
                              : std::optional<std::string>(libpq().getvalue(result.get(), row, column)));
    }
  }
  return rows;
}

std::string ServerConnection::text(const std::string& sql, const TextRow& parameters) {
  const std::vector<TextRow> found = rows(sql, parameters);
  return found.empty() || found[0].empty() ? std::string() : found[0][0].value_or("");
}

std::vector<ServerColumn> ServerConnection::describe(const std::string& sql) {
  check_sent(libpq().send_prepare(m_connection.get(), "", sql.c_str(), 0, nullptr));
  last_result(sql);
  check_sent(libpq().send_describe_prepared(m_connection.get(), ""));
  const ResultHandle result = last_result();
  std::vector<ServerColumn> columns;
  for (int i = 0; i < libpq().nfields(result.get()); ++i) {
    columns.push_back(
        {libpq().fname(result.get(), i), libpq().ftype(result.get(), i), libpq().fmod(result.get(), i)});
  }
  return columns;
}

void ServerConnection::start_copy_out(const std::string& sql) {
  check_sent(libpq().send_query(m_connection.get(), sql.c_str()));
  last_result();
  m_is_copy_start = true;
}

void ServerConnection::start_rows(const std::string& sql, const TextRow& parameters) {
  send(sql, parameters, /*in_binary=*/true);
  libpq().set_single_row_mode(m_connection.get());
}

/// Fills `bytes` with what a COPY sends next; false when it ends before.
bool ServerConnection::take_bytes(std::span<char> bytes) {
  while (!bytes.empty()) {
    const int taken = take_message(bytes.data(), bytes.size());
    if (taken < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(taken));
  }
  return true;
}

/// Skips what a COPY begins with: a signature, flags, and an extension of a length that is told. False when the COPY
/// ends before.
bool ServerConnection::skip_copy_header() {
  constexpr std::string_view k_signature("PGCOPY\n\377\r\n\0", k_copy_signature_bytes);
  std::array<char, k_copy_header_bytes> header{};
  if (!take_bytes(header)) return false;
  if (!std::string_view(header.data(), header.size()).starts_with(k_signature)) fail_copy_format();
  const char* at = header.data() + header.size() - sizeof(std::uint32_t);
  std::size_t extension = take_number<std::uint32_t>(at, header.data() + header.size());
  while (extension > 0) {
    const std::size_t piece = std::min(extension, header.size());
    if (!take_bytes(std::span(header).first(piece))) return false;
    extension -= piece;
  }
  return true;
}

/// Throws if the COPY ended because of an error.
void ServerConnection::end_copy_out() {
  char* nothing = nullptr;
  libpq().get_copy_data(m_connection.get(), &nothing, 1);
  last_result();
}

/// Puts the next row of a COPY behind the first `size` of these bytes, in place of what is there. Returns the row's
/// size, 0 at the end.
std::size_t ServerConnection::take_copied(std::string& bytes, std::size_t size) {
  std::size_t end = size;
  for (;;) {
    if (bytes.size() < end + k_room_bytes) bytes.resize(end + 2 * k_room_bytes);
    const std::size_t room = bytes.size() - end;
    const int taken = take_message(bytes.data() + end, room);
    if (taken < 0) return 0;
    end += static_cast<std::size_t>(taken);
    const std::string_view row(bytes.data() + size, end - size);
    // What fills all of the room may be the beginning of a row.
    if (static_cast<std::size_t>(taken) == room && !is_whole_row(row)) continue;
    if (row != k_copy_end) return row.size();
    end = size;
  }
}

bool ServerConnection::next_copied(std::string& rows, std::size_t enough) {
  bool is_open = !std::exchange(m_is_copy_start, false) || skip_copy_header();
  std::size_t size = 0;
  while (is_open && size < enough) {
    const std::size_t start = size + sizeof(std::uint32_t);
    const auto size_of_row = static_cast<std::uint32_t>(take_copied(rows, start));
    is_open = size_of_row > 0;
    if (is_open) {
      std::memcpy(rows.data() + size, &size_of_row, sizeof size_of_row);
      size = start + size_of_row;
    }
  }
  rows.resize(size);
  if (!is_open) end_copy_out();
  return is_open;
}

bool ServerConnection::next_row(std::span<sql::Field> fields) {
  m_row = next_result();
  if (m_row == nullptr) return false;
  const ExecStatusType status = libpq().result_status(m_row.get());
  if (status != PGRES_SINGLE_TUPLE) {
    if (is_failure(status)) {
      const Error error = server_error(m_row.get());
      while (next_result()) {
      }
      fail(error);
    }
    return next_row(fields);
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto column = static_cast<int>(i);
    const bool is_null = libpq().getisnull(m_row.get(), 0, column) != 0;
    fields[i] = is_null ? sql::Field{}
                        : sql::Field{libpq().getvalue(m_row.get(), 0, column),
                                     static_cast<std::uint32_t>(libpq().getlength(m_row.get(), 0, column))};
  }
  return true;
}

void ServerConnection::start_copy_in(const std::string& sql) {
  check_sent(libpq().send_query(m_connection.get(), sql.c_str()));
  last_result();
}

void ServerConnection::put(std::string_view bytes) {
  const int queued = libpq().put_copy_data(m_connection.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (queued < 0) fail_lost();
  // Without this, what the server does not take in time would pile up here.
  flush();
}

std::uint64_t ServerConnection::end_copy_in() {
  if (libpq().put_copy_end(m_connection.get(), nullptr) < 0) fail_lost();
  flush();
  const ResultHandle result = last_result();
  return result == nullptr ? 0 : changed_rows(result.get());
}

}  // namespace spillway::drivers::postgres
