#include "drivers/mysql/libmariadb.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::drivers::mysql {
namespace {

constexpr const char* k_library = "libmariadb.so.3";

template <typename Function>
void load(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function != nullptr) return;
  fail(ErrorCode::internal, fmt::format("the MariaDB library {} has no function '{}'", k_library, name),
       "use MariaDB Connector/C 3.1 or later");
}

Libmariadb open_library() {
  void* library = ::dlopen(k_library, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail(ErrorCode::internal, fmt::format("cannot load the MariaDB library: {}", ::dlerror()),
         "install libmariadb3, or add the folder of libmariadb.so.3 to LD_LIBRARY_PATH");
  }
  Libmariadb api{};
  load(library, api.init, "mysql_init");
  load(library, api.options, "mysql_options");
  load(library, api.optionsv, "mysql_optionsv");
  load(library, api.options4, "mysql_options4");
  load(library, api.set_local_infile_handler, "mysql_set_local_infile_handler");
  load(library, api.real_connect, "mysql_real_connect");
  load(library, api.close, "mysql_close");
  load(library, api.error_number, "mysql_errno");
  load(library, api.error, "mysql_error");
  load(library, api.get_server_info, "mysql_get_server_info");
  load(library, api.get_socket, "mysql_get_socket");
  load(library, api.get_ssl_cipher, "mysql_get_ssl_cipher");
  load(library, api.thread_id, "mysql_thread_id");
  load(library, api.real_query, "mysql_real_query");
  load(library, api.store_result, "mysql_store_result");
  load(library, api.fetch_row, "mysql_fetch_row");
  load(library, api.fetch_lengths, "mysql_fetch_lengths");
  load(library, api.num_fields, "mysql_num_fields");
  load(library, api.fetch_fields, "mysql_fetch_fields");
  load(library, api.free_result, "mysql_free_result");
  load(library, api.affected_rows, "mysql_affected_rows");
  load(library, api.info, "mysql_info");
  load(library, api.warning_count, "mysql_warning_count");
  load(library, api.stmt_init, "mysql_stmt_init");
  load(library, api.stmt_prepare, "mysql_stmt_prepare");
  load(library, api.stmt_param_count, "mysql_stmt_param_count");
  load(library, api.stmt_bind_param, "mysql_stmt_bind_param");
  load(library, api.stmt_attr_set, "mysql_stmt_attr_set");
  load(library, api.stmt_execute, "mysql_stmt_execute");
  load(library, api.stmt_result_metadata, "mysql_stmt_result_metadata");
  load(library, api.stmt_fetch, "mysql_stmt_fetch");
  load(library, api.stmt_errno, "mysql_stmt_errno");
  load(library, api.stmt_error, "mysql_stmt_error");
  load(library, api.stmt_close, "mysql_stmt_close");
  load(library, api.field_attr, "mariadb_field_attr");
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
