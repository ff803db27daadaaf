#include "drivers/mysql/errno.hpp"

#include <algorithm>
#include <array>

namespace spillway::drivers::mysql {
namespace {

constexpr std::string_view k_server_gone = "run it again when the server is back";
constexpr std::string_view k_missing_right = "grant the connection's user the right, or use another user";
constexpr std::string_view k_wrong_login = "check user and password of the connection";
constexpr std::string_view k_unreachable = "check host and port of the connection, and that the server runs";
constexpr std::string_view k_full = "the server's disk is full";
constexpr std::string_view k_other_transaction = "another transaction was in the way: run it again";
constexpr std::string_view k_tls = "sslrootcert names the file of the authority that signed the server's certificate";

constexpr std::array k_meanings{
    ErrnoMeaning{1005, ErrorCode::sql, false, {}},
    ErrnoMeaning{1021, ErrorCode::disk_full, false, k_full},
    ErrnoMeaning{1037, ErrorCode::out_of_memory, false, "the server is out of memory"},
    ErrnoMeaning{1040, ErrorCode::connection, true, "the server has no connection left"},
    ErrnoMeaning{1041, ErrorCode::out_of_memory, false, "the server is out of memory"},
    ErrnoMeaning{1044, ErrorCode::connection, false, "check the connection's database, and its user's rights"},
    ErrnoMeaning{1045, ErrorCode::connection, false, k_wrong_login},
    ErrnoMeaning{1049, ErrorCode::connection, false, "check the connection's database"},
    ErrnoMeaning{1053, ErrorCode::connection, true, k_server_gone},
    ErrnoMeaning{1062, ErrorCode::bad_data, false, "the key is there already: write_mode: upsert updates such rows"},
    ErrnoMeaning{1114, ErrorCode::disk_full, false, k_full},
    ErrnoMeaning{1129, ErrorCode::connection, false, "the server blocked this host: mariadb-admin flush-hosts"},
    ErrnoMeaning{1142, ErrorCode::sql, false, k_missing_right},
    ErrnoMeaning{1143, ErrorCode::sql, false, k_missing_right},
    ErrnoMeaning{k_no_such_table, ErrorCode::sql, false,
                 "check the name of the table and its database; spillway discover lists them"},
    ErrnoMeaning{1152, ErrorCode::connection, true, k_server_gone},
    ErrnoMeaning{1153, ErrorCode::bad_data, false, "raise max_allowed_packet of the server"},
    ErrnoMeaning{1158, ErrorCode::connection, true, k_server_gone},
    ErrnoMeaning{1159, ErrorCode::connection, true, k_server_gone},
    ErrnoMeaning{1160, ErrorCode::connection, true, k_server_gone},
    ErrnoMeaning{1161, ErrorCode::connection, true, k_server_gone},
    ErrnoMeaning{1203, ErrorCode::connection, true, "the user has no connection left"},
    ErrnoMeaning{1205, ErrorCode::timeout, false,
                 "somebody else holds a lock on the table: raise lock_timeout, or wait"},
    ErrnoMeaning{1213, ErrorCode::sql, true, k_other_transaction},
    ErrnoMeaning{1226, ErrorCode::connection, true, "the user has reached a limit of the server"},
    ErrnoMeaning{1227, ErrorCode::sql, false, k_missing_right},
    ErrnoMeaning{1264, ErrorCode::bad_data, false, {}},
    ErrnoMeaning{1265, ErrorCode::bad_data, false, {}},
    ErrnoMeaning{1292, ErrorCode::bad_data, false, {}},
    ErrnoMeaning{1317, ErrorCode::timeout, false, "an administrator, or the server's settings, ended it"},
    ErrnoMeaning{1366, ErrorCode::bad_data, false, {}},
    ErrnoMeaning{1370, ErrorCode::sql, false, k_missing_right},
    ErrnoMeaning{1406, ErrorCode::bad_data, false, {}},
    ErrnoMeaning{1451, ErrorCode::bad_data, false, "rows of another table refer to it"},
    ErrnoMeaning{1452, ErrorCode::bad_data, false, "the row that it refers to is not there"},
    ErrnoMeaning{1614, ErrorCode::sql, true, k_other_transaction},
    ErrnoMeaning{1698, ErrorCode::connection, false, k_wrong_login},
    ErrnoMeaning{1792, ErrorCode::sql, false, "an extractor only reads; the server may also be a read-only replica"},
    ErrnoMeaning{1836, ErrorCode::sql, false, "the server is read-only: write to the primary one"},
    ErrnoMeaning{1290, ErrorCode::sql, false, "the server is read-only, or an option forbids the statement"},
    ErrnoMeaning{1927, ErrorCode::connection, true, k_server_gone},
    ErrnoMeaning{1969, ErrorCode::timeout, false, "raise statement_timeout, or read less"},
    ErrnoMeaning{2002, ErrorCode::connection, true, k_unreachable},
    ErrnoMeaning{2003, ErrorCode::connection, true, k_unreachable},
    ErrnoMeaning{2005, ErrorCode::connection, true, k_unreachable},
    ErrnoMeaning{2006, ErrorCode::connection, true, k_server_gone},
    ErrnoMeaning{2008, ErrorCode::out_of_memory, false, {}},
    ErrnoMeaning{2013, ErrorCode::connection, true, k_server_gone},
    ErrnoMeaning{2026, ErrorCode::connection, false, k_tls},
    ErrnoMeaning{2027, ErrorCode::protocol, false, {}},
    ErrnoMeaning{2059, ErrorCode::connection, false, "the client lacks the user's authentication plugin"},
    ErrnoMeaning{3024, ErrorCode::timeout, false, "raise statement_timeout, or read less"},
    ErrnoMeaning{4031, ErrorCode::connection, true, k_server_gone},
};

}  // namespace

ErrnoMeaning meaning_of(unsigned number) {
  const auto* found = std::ranges::find(k_meanings, number, &ErrnoMeaning::number);
  return found == k_meanings.end() ? ErrnoMeaning{number, ErrorCode::sql, false, {}} : *found;
}

}  // namespace spillway::drivers::mysql
