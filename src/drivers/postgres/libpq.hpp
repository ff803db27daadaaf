#pragma once

#include <memory>

#include <libpq-fe.h>

namespace spillway::drivers::postgres {

/// The functions of libpq that are used here. The library is opened when the first of them is called for: a program
/// that never talks to PostgreSQL does not pay for loading it and the twenty libraries that it needs.
struct Libpq {
  decltype(&::PQconnectStartParams) connect_start;
  decltype(&::PQconnectPoll) connect_poll;
  decltype(&::PQconninfoParse) conninfo_parse;
  decltype(&::PQconninfoFree) conninfo_free;
  decltype(&::PQstatus) status;
  decltype(&::PQsocket) socket;
  decltype(&::PQerrorMessage) error_message;
  decltype(&::PQserverVersion) server_version;
  decltype(&::PQparameterStatus) parameter_status;
  decltype(&::PQsslAttribute) ssl_attribute;
  decltype(&::PQfinish) finish;
  decltype(&::PQsetnonblocking) set_nonblocking;
  decltype(&::PQsetNoticeProcessor) set_notice_processor;
  decltype(&::PQsendQuery) send_query;
  decltype(&::PQsendQueryParams) send_query_params;
  decltype(&::PQsendPrepare) send_prepare;
  decltype(&::PQsendDescribePrepared) send_describe_prepared;
  decltype(&::PQsetSingleRowMode) set_single_row_mode;
  decltype(&::PQconsumeInput) consume_input;
  decltype(&::PQisBusy) is_busy;
  decltype(&::PQflush) flush;
  decltype(&::PQgetResult) get_result;
  decltype(&::PQresultStatus) result_status;
  decltype(&::PQresultErrorField) result_error_field;
  decltype(&::PQclear) clear;
  decltype(&::PQnfields) nfields;
  decltype(&::PQntuples) ntuples;
  decltype(&::PQfname) fname;
  decltype(&::PQftype) ftype;
  decltype(&::PQfmod) fmod;
  decltype(&::PQgetvalue) getvalue;
  decltype(&::PQgetlength) getlength;
  decltype(&::PQgetisnull) getisnull;
  decltype(&::PQcmdTuples) cmd_tuples;
  decltype(&::PQgetlineAsync) getline_async;
  decltype(&::PQgetCopyData) get_copy_data;
  decltype(&::PQputCopyData) put_copy_data;
  decltype(&::PQputCopyEnd) put_copy_end;
  decltype(&::PQfreemem) freemem;
  decltype(&::PQgetCancel) get_cancel;
  decltype(&::PQcancel) cancel;
  decltype(&::PQfreeCancel) free_cancel;
};

/// Opens the library on the first call; throws when it is not installed.
const Libpq& libpq();

struct ResultDeleter {
  void operator()(PGresult* result) const { libpq().clear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ResultDeleter>;

struct ConnectionDeleter {
  void operator()(PGconn* connection) const { libpq().finish(connection); }
};
using ConnectionHandle = std::unique_ptr<PGconn, ConnectionDeleter>;

struct CancelDeleter {
  void operator()(PGcancel* cancel) const { libpq().free_cancel(cancel); }
};
using CancelHandle = std::unique_ptr<PGcancel, CancelDeleter>;

}  // namespace spillway::drivers::postgres
