#pragma once

#include <mysql.h>

#include <memory>

namespace spillway::drivers::mysql {

/// The functions of libmariadb that are used here. The library is opened when the first of them is called for: a
/// program that never talks to MariaDB or MySQL does not pay for loading it.
struct Libmariadb {
  decltype(&::mysql_init) init;
  decltype(&::mysql_options) options;
  decltype(&::mysql_optionsv) optionsv;
  decltype(&::mysql_options4) options4;
  decltype(&::mysql_set_local_infile_handler) set_local_infile_handler;
  decltype(&::mysql_real_connect) real_connect;
  decltype(&::mysql_close) close;
  decltype(&::mysql_errno) error_number;
  decltype(&::mysql_error) error;
  decltype(&::mysql_get_server_info) get_server_info;
  decltype(&::mysql_get_socket) get_socket;
  decltype(&::mysql_get_ssl_cipher) get_ssl_cipher;
  decltype(&::mysql_thread_id) thread_id;
  decltype(&::mysql_real_query) real_query;
  decltype(&::mysql_store_result) store_result;
  decltype(&::mysql_fetch_row) fetch_row;
  decltype(&::mysql_fetch_lengths) fetch_lengths;
  decltype(&::mysql_num_fields) num_fields;
  decltype(&::mysql_fetch_fields) fetch_fields;
  decltype(&::mysql_free_result) free_result;
  decltype(&::mysql_affected_rows) affected_rows;
  decltype(&::mysql_info) info;
  decltype(&::mysql_warning_count) warning_count;
  decltype(&::mysql_stmt_init) stmt_init;
  decltype(&::mysql_stmt_prepare) stmt_prepare;
  decltype(&::mysql_stmt_param_count) stmt_param_count;
  decltype(&::mysql_stmt_bind_param) stmt_bind_param;
  decltype(&::mysql_stmt_attr_set) stmt_attr_set;
  decltype(&::mysql_stmt_execute) stmt_execute;
  decltype(&::mysql_stmt_result_metadata) stmt_result_metadata;
  decltype(&::mysql_stmt_fetch) stmt_fetch;
  decltype(&::mysql_stmt_errno) stmt_errno;
  decltype(&::mysql_stmt_error) stmt_error;
  decltype(&::mysql_stmt_close) stmt_close;
  decltype(&::mariadb_field_attr) field_attr;
};

/// Opens the library on the first call; throws when it is not installed.
const Libmariadb& libmariadb();

struct ConnectionDeleter {
  void operator()(MYSQL* connection) const { libmariadb().close(connection); }
};
using ConnectionHandle = std::unique_ptr<MYSQL, ConnectionDeleter>;

struct ResultDeleter {
  void operator()(MYSQL_RES* result) const { libmariadb().free_result(result); }
};
using ResultHandle = std::unique_ptr<MYSQL_RES, ResultDeleter>;

/// While its connection is open, closing a statement reads what is left of its rows.
struct StatementDeleter {
  void operator()(MYSQL_STMT* statement) const { libmariadb().stmt_close(statement); }
};
using StatementHandle = std::unique_ptr<MYSQL_STMT, StatementDeleter>;

}  // namespace spillway::drivers::mysql
