#include "drivers/mysql/libmariadb.hpp"

#include "util/client_library.hpp"

namespace spillway::drivers::mysql {
namespace {

constexpr ClientLibrary::Names k_names{"libmariadb.so.3", "the MariaDB library",
                                       "the MariaDB library libmariadb.so.3", "libmariadb3",
                                       "MariaDB Connector/C 3.1"};

Libmariadb open_library() {
  const ClientLibrary library(k_names);
  Libmariadb api{};
  library.load(api.init, "mysql_init");
  library.load(api.options, "mysql_options");
  library.load(api.optionsv, "mysql_optionsv");
  library.load(api.options4, "mysql_options4");
  library.load(api.set_local_infile_handler, "mysql_set_local_infile_handler");
  library.load(api.real_connect, "mysql_real_connect");
  library.load(api.close, "mysql_close");
  library.load(api.error_number, "mysql_errno");
  library.load(api.error, "mysql_error");
  library.load(api.get_server_info, "mysql_get_server_info");
  library.load(api.get_socket, "mysql_get_socket");
  library.load(api.get_ssl_cipher, "mysql_get_ssl_cipher");
  library.load(api.thread_id, "mysql_thread_id");
  library.load(api.real_query, "mysql_real_query");
  library.load(api.store_result, "mysql_store_result");
  library.load(api.fetch_row, "mysql_fetch_row");
  library.load(api.fetch_lengths, "mysql_fetch_lengths");
  library.load(api.num_fields, "mysql_num_fields");
  library.load(api.fetch_fields, "mysql_fetch_fields");
  library.load(api.free_result, "mysql_free_result");
  library.load(api.affected_rows, "mysql_affected_rows");
  library.load(api.info, "mysql_info");
  library.load(api.warning_count, "mysql_warning_count");
  library.load(api.stmt_init, "mysql_stmt_init");
  library.load(api.stmt_prepare, "mysql_stmt_prepare");
  library.load(api.stmt_param_count, "mysql_stmt_param_count");
  library.load(api.stmt_bind_param, "mysql_stmt_bind_param");
  library.load(api.stmt_attr_set, "mysql_stmt_attr_set");
  library.load(api.stmt_execute, "mysql_stmt_execute");
  library.load(api.stmt_result_metadata, "mysql_stmt_result_metadata");
  library.load(api.stmt_fetch, "mysql_stmt_fetch");
  library.load(api.stmt_errno, "mysql_stmt_errno");
  library.load(api.stmt_error, "mysql_stmt_error");
  library.load(api.stmt_close, "mysql_stmt_close");
  library.load(api.field_attr, "mariadb_field_attr");
  // The first use sets the library up, which must not happen twice at once.
  api.close(api.init(nullptr));
  return api;
}

}  // namespace

const Libmariadb& libmariadb() {
  static const Libmariadb k_library_functions = open_library();
  return k_library_functions;
}

}  // namespace spillway::drivers::mysql
