#include "drivers/postgres/libpq.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::drivers::postgres {
namespace {

constexpr const char* k_library = "libpq.so.5";

template <typename Function>
void load(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function != nullptr) return;
  fail(ErrorCode::internal, fmt::format("the PostgreSQL library {} has no function '{}'", k_library, name),
       "use libpq of PostgreSQL 13 or later");
}

Libpq open_library() {
  void* library = ::dlopen(k_library, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail(ErrorCode::internal, fmt::format("cannot load the PostgreSQL library: {}", ::dlerror()),
         "install libpq5, or add the folder of libpq.so.5 to LD_LIBRARY_PATH");
  }
  Libpq pq{};
  load(library, pq.connect_start, "PQconnectStartParams");
  load(library, pq.connect_poll, "PQconnectPoll");
  load(library, pq.conninfo_parse, "PQconninfoParse");
  load(library, pq.conninfo_free, "PQconninfoFree");
  load(library, pq.status, "PQstatus");
  load(library, pq.socket, "PQsocket");
  load(library, pq.error_message, "PQerrorMessage");
  load(library, pq.server_version, "PQserverVersion");
  load(library, pq.parameter_status, "PQparameterStatus");
  load(library, pq.ssl_attribute, "PQsslAttribute");
  load(library, pq.finish, "PQfinish");
  load(library, pq.set_nonblocking, "PQsetnonblocking");
  load(library, pq.set_notice_processor, "PQsetNoticeProcessor");
  load(library, pq.send_query, "PQsendQuery");
  load(library, pq.send_query_params, "PQsendQueryParams");
  load(library, pq.send_prepare, "PQsendPrepare");
  load(library, pq.send_describe_prepared, "PQsendDescribePrepared");
  load(library, pq.set_single_row_mode, "PQsetSingleRowMode");
  load(library, pq.consume_input, "PQconsumeInput");
  load(library, pq.is_busy, "PQisBusy");
  load(library, pq.flush, "PQflush");
  load(library, pq.get_result, "PQgetResult");
  load(library, pq.result_status, "PQresultStatus");
  load(library, pq.result_error_field, "PQresultErrorField");
  load(library, pq.clear, "PQclear");
  load(library, pq.nfields, "PQnfields");
  load(library, pq.ntuples, "PQntuples");
  load(library, pq.fname, "PQfname");
  load(library, pq.ftype, "PQftype");
  load(library, pq.fmod, "PQfmod");
  load(library, pq.getvalue, "PQgetvalue");
  load(library, pq.getlength, "PQgetlength");
  load(library, pq.getisnull, "PQgetisnull");
  load(library, pq.cmd_tuples, "PQcmdTuples");
  load(library, pq.get_copy_data, "PQgetCopyData");
  load(library, pq.put_copy_data, "PQputCopyData");
  load(library, pq.put_copy_end, "PQputCopyEnd");
  load(library, pq.freemem, "PQfreemem");
  load(library, pq.get_cancel, "PQgetCancel");
  load(library, pq.cancel, "PQcancel");
  load(library, pq.free_cancel, "PQfreeCancel");
  return pq;
}

}  // namespace

const Libpq& libpq() {
  static const Libpq k_libpq = open_library();
  return k_libpq;
}

}  // namespace spillway::drivers::postgres
