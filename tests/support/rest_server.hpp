#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "drivers/postgres/server_connection.hpp"
#include "support/database_server.hpp"

namespace httplib {
class Server;
struct Request;
struct Response;
}  // namespace httplib

namespace spillway::testing {

/// What a RestServer does with one request in place of, or after, serving it.
struct RestFault {
  enum class Serve { no, yes };
  Serve serve = Serve::no;  ///< yes: carried out first
  int status = 0;           ///< 0: the connection is cut in the middle of the answer
  std::string body = {};
  std::string retry_after = {};
};

/// Bytes of answers to clients that take gzip: as they are, and as they went over the wire.
struct PackedBytes {
  std::size_t plain = 0;
  std::size_t sent = 0;
};

/// The part of PostgREST that its documentation describes and Spillway uses, in front of a real PostgreSQL: select
/// with alias and cast, logical conditions, order, limit, exact counts, bulk insert, upsert, profiles of schemas, the
/// OpenAPI description, and errors in its JSON. What a gateway in front of it does too: answers go compressed to who
/// takes that. Listens on a free port of the loopback, at /rest/v1 as Supabase does, and takes one key.
class RestServer {
 public:
  enum class Tls { off, on };
  static constexpr const char* k_key = "planted-service-role-key-9f3a";

  explicit RestServer(const PostgresServer& database, Tls tls = Tls::off);
  RestServer(const RestServer&) = delete;
  RestServer& operator=(const RestServer&) = delete;
  ~RestServer();

  std::string url() const;
  int port() const { return m_port; }

  /// The next requests of that method meet these faults, one each.
  void fail_next(const std::string& method, std::vector<RestFault> faults);
  /// Called before each request is served, with its number, from 1.
  void before_each(std::function<void(int)> action);
  /// At most so many rows an answer, as the setting db-max-rows does; 0: all.
  void set_max_rows(std::uint64_t rows) { m_max_rows = rows; }
  /// Tables that are made from now on are not known until the cache is fresh again.
  void freeze_schema_cache(const std::string& schema);
  void reload_schema_cache();
  /// "POST /w?columns=id", decoded, one each since the last call.
  std::vector<std::string> take_log();
  /// Since the last call.
  PackedBytes take_packed_bytes();

 private:
  void serve(const httplib::Request& request, httplib::Response& response);
  void answer(const httplib::Request& request, httplib::Response& response);
  void pack(const httplib::Request& request, httplib::Response& response);
  void read(const httplib::Request& request, httplib::Response& response, const std::string& table);
  void insert(const httplib::Request& request, httplib::Response& response, const std::string& table);
  std::string openapi(const std::string& schema);

  std::unique_ptr<httplib::Server> m_server;
  std::string m_scheme;
  int m_port = 0;
  std::mutex m_mutex;  ///< of all below
  CancelToken m_never;
  std::unique_ptr<drivers::postgres::ServerConnection> m_database;
  std::deque<std::pair<std::string, RestFault>> m_faults;
  std::function<void(int)> m_before;
  std::vector<std::string> m_log;
  PackedBytes m_packed;
  int m_count = 0;
  std::atomic<std::uint64_t> m_max_rows{0};
  std::string m_frozen;
  std::thread m_thread;
};

}  // namespace spillway::testing
