#include "drivers/postgres/sqlstate.hpp"

#include <array>

namespace spillway::drivers::postgres {
namespace {

struct Row {
  std::string_view prefix;  ///< a state, or the class that its first two characters name
  SqlStateMeaning meaning;
};

constexpr std::string_view k_again = "run it again when the server is back";
constexpr std::string_view k_rights = "grant the connection's user the right, or use another user";
constexpr std::string_view k_login = "check user and password of the connection";

/// The first row whose prefix fits counts.
constexpr std::array k_rows{
    Row{"", {ErrorCode::connection, true, k_again}},
    Row{"08P01", {ErrorCode::protocol, false, {}}},
    Row{"08", {ErrorCode::connection, true, k_again}},
    Row{"22", {ErrorCode::bad_data, false, {}}},
    Row{"23505", {ErrorCode::bad_data, false, "the key is there already: write_mode: upsert updates such rows"}},
    Row{"23", {ErrorCode::bad_data, false, {}}},
    Row{"25006", {ErrorCode::sql, false, "an extractor only reads; the server may also be a read-only replica"}},
    Row{"28", {ErrorCode::connection, false, k_login}},
    Row{"3D000", {ErrorCode::connection, false, "check the connection's database"}},
    Row{"40", {ErrorCode::sql, true, "another transaction was in the way: run it again"}},
    Row{"42P10", {ErrorCode::sql, false, "primary_key must be the columns of a primary key or a unique index"}},
    Row{"3F000", {ErrorCode::sql, false, "create the schema first"}},
    Row{"42501", {ErrorCode::sql, false, k_rights}},
    Row{"42P01", {ErrorCode::sql, false, "check the name of the table and its schema; spillway discover lists them"}},
    Row{"53100", {ErrorCode::disk_full, false, "the server's disk is full"}},
    Row{"53200", {ErrorCode::out_of_memory, false, "the server is out of memory"}},
    Row{"53300", {ErrorCode::connection, true, "the server has no connection left"}},
    Row{"53", {ErrorCode::connection, true, k_again}},
    Row{"55P03", {ErrorCode::timeout, false, "somebody else holds a lock on the table: raise lock_timeout, or wait"}},
    Row{"55006", {ErrorCode::sql, true, "another session uses it"}},
    Row{"57014", {ErrorCode::timeout, false, "the statement was cancelled by its timeout or by an administrator"}},
    Row{"57P04", {ErrorCode::connection, false, "the database was dropped"}},
    Row{"57P", {ErrorCode::connection, true, k_again}},
    Row{"58030", {ErrorCode::io, false, "the server has trouble with its disk"}},
};

}  // namespace

SqlStateMeaning meaning_of(std::string_view state) {
  for (const Row& row : k_rows) {
    if (row.prefix.empty() ? state.empty() : state.starts_with(row.prefix)) return row.meaning;
  }
  return {};
}

}  // namespace spillway::drivers::postgres
