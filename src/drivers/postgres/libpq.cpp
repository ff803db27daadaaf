#include "drivers/postgres/libpq.hpp"

#include "util/client_library.hpp"

namespace spillway::drivers::postgres {
namespace {

constexpr ClientLibrary::Names k_names{"libpq.so.5", "the PostgreSQL library", "the PostgreSQL library libpq.so.5",
                                       "libpq5", "libpq of PostgreSQL 13"};

Libpq open_library() {
  const ClientLibrary library(k_names);
  Libpq pq{};
  library.load(pq.connect_start, "PQconnectStartParams");
  library.load(pq.connect_poll, "PQconnectPoll");
  library.load(pq.conninfo_parse, "PQconninfoParse");
  library.load(pq.conninfo_free, "PQconninfoFree");
  library.load(pq.status, "PQstatus");
  library.load(pq.socket, "PQsocket");
  library.load(pq.error_message, "PQerrorMessage");
  library.load(pq.server_version, "PQserverVersion");
  library.load(pq.parameter_status, "PQparameterStatus");
  library.load(pq.ssl_attribute, "PQsslAttribute");
  library.load(pq.finish, "PQfinish");
  library.load(pq.set_nonblocking, "PQsetnonblocking");
  library.load(pq.set_notice_processor, "PQsetNoticeProcessor");
  library.load(pq.send_query, "PQsendQuery");
  library.load(pq.send_query_params, "PQsendQueryParams");
  library.load(pq.send_prepare, "PQsendPrepare");
  library.load(pq.send_describe_prepared, "PQsendDescribePrepared");
  library.load(pq.set_single_row_mode, "PQsetSingleRowMode");
  library.load(pq.consume_input, "PQconsumeInput");
  library.load(pq.is_busy, "PQisBusy");
  library.load(pq.flush, "PQflush");
  library.load(pq.get_result, "PQgetResult");
  library.load(pq.result_status, "PQresultStatus");
  library.load(pq.result_error_field, "PQresultErrorField");
  library.load(pq.clear, "PQclear");
  library.load(pq.nfields, "PQnfields");
  library.load(pq.ntuples, "PQntuples");
  library.load(pq.fname, "PQfname");
  library.load(pq.ftype, "PQftype");
  library.load(pq.fmod, "PQfmod");
  library.load(pq.getvalue, "PQgetvalue");
  library.load(pq.getlength, "PQgetlength");
  library.load(pq.getisnull, "PQgetisnull");
  library.load(pq.cmd_tuples, "PQcmdTuples");
  library.load(pq.getline_async, "PQgetlineAsync");
  library.load(pq.get_copy_data, "PQgetCopyData");
  library.load(pq.put_copy_data, "PQputCopyData");
  library.load(pq.put_copy_end, "PQputCopyEnd");
  library.load(pq.freemem, "PQfreemem");
  library.load(pq.get_cancel, "PQgetCancel");
  library.load(pq.cancel, "PQcancel");
  library.load(pq.free_cancel, "PQfreeCancel");
  return pq;
}

}  // namespace

const Libpq& libpq() {
  static const Libpq k_libpq = open_library();
  return k_libpq;
}

}  // namespace spillway::drivers::postgres
