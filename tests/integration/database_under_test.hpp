#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/database_server.hpp"

namespace spillway::testing {

/// A family of database drivers with a server to try them on, for suites that every family runs. The server starts
/// when it is first asked for. Each case has an empty schema `t` to itself.
class DatabaseUnderTest {
 public:
  explicit DatabaseUnderTest(std::vector<std::string> server_options = {}) : m_options(std::move(server_options)) {}
  DatabaseUnderTest(const DatabaseUnderTest&) = delete;
  DatabaseUnderTest& operator=(const DatabaseUnderTest&) = delete;
  virtual ~DatabaseUnderTest() = default;

  virtual const char* family() const = 0;
  std::string extractor() const { return std::string(family()) + ".extractor"; }
  std::string writer() const { return std::string(family()) + ".writer"; }

  virtual DatabaseServer& server() = 0;
  /// An empty schema.
  virtual void start_over() = 0;
  /// By the server's own client, in that schema.
  virtual std::string sql(const std::string& text) = 0;
  /// Of a connection by the server's socket, into that schema.
  virtual nlohmann::json socket_fields() = 0;
  virtual nlohmann::json tcp_fields();

  // What each server says in its own words.

  /// A name in SQL.
  virtual std::string quoted(const std::string& name) const = 0;
  /// Of a parameter, counted from 1.
  virtual std::string placeholder(int number) const = 0;
  /// What stands behind FROM for rows with the column i, from 1 to that number.
  virtual std::string numbers(int last) const = 0;
  /// Of a connection into a database of that name, which is made first.
  virtual nlohmann::json fields_of_database(const std::string& name) = 0;
  /// A query that gives 50,000 rows, and then waits.
  virtual std::string stalling_query() const = 0;
  /// All tables of the schema by name, a line each: what a run left behind too.
  virtual std::string tables() = 0;
  /// Makes a user who may log in, and nothing else but what `grants` says: "SELECT ON w".
  virtual void make_user(const std::string& name, const std::string& password,
                         const std::vector<std::string>& grants) = 0;
  /// Ends the connection that reads stalling_query(), once the rows were sent; waits until there is one.
  virtual void end_connection_that_reads() = 0;
  /// Holds `table` back from everybody until the step under way waits for it, and then wants `trigger_table`, which
  /// that step has written to already: one of the two has to give way, and it is the step.
  virtual void run_into_a_deadlock(const std::string& trigger_table, const std::string& table) = 0;
  /// Whether run_into_a_deadlock() holds it back already.
  virtual bool is_held_back(const std::string& table) = 0;
  /// CREATE TABLE of the columns on the file system at `folder`, which belongs to the server's user.
  virtual void create_table_on(const std::string& folder, const std::string& table, const std::string& columns) = 0;
  /// Makes the writer of `trigger_table` change `table` with each row.
  virtual void add_trigger(const std::string& trigger_table, const std::string& table) = 0;

 protected:
  const std::vector<std::string>& options() const { return m_options; }

 private:
  std::vector<std::string> m_options;
};

class PostgresUnderTest : public DatabaseUnderTest {
 public:
  using DatabaseUnderTest::DatabaseUnderTest;
  const char* family() const override { return "postgres"; }
  PostgresServer& server() override;
  void start_over() override;
  std::string sql(const std::string& text) override;
  nlohmann::json socket_fields() override;
  std::string quoted(const std::string& name) const override;
  std::string placeholder(int number) const override;
  std::string numbers(int last) const override;
  nlohmann::json fields_of_database(const std::string& name) override;
  std::string stalling_query() const override;
  std::string tables() override;
  void make_user(const std::string& name, const std::string& password,
                 const std::vector<std::string>& grants) override;
  void end_connection_that_reads() override;
  void run_into_a_deadlock(const std::string& trigger_table, const std::string& table) override;
  bool is_held_back(const std::string& table) override;
  void create_table_on(const std::string& folder, const std::string& table, const std::string& columns) override;
  void add_trigger(const std::string& trigger_table, const std::string& table) override;

 private:
  std::unique_ptr<PostgresServer> m_server;
};

/// Over PostgreSQL. What goes over REST has cases of its own, as it has neither queries nor transactions that span
/// requests.
class SupabaseUnderTest : public PostgresUnderTest {
 public:
  using PostgresUnderTest::PostgresUnderTest;
  const char* family() const override { return "supabase"; }
  /// By TCP: a DSN of these tests names no socket.
  nlohmann::json socket_fields() override { return tcp_fields(); }
  nlohmann::json tcp_fields() override { return {{"pg_dsn", dsn(DatabaseServer::k_database)}, {"schema", "t"}}; }
  nlohmann::json fields_of_database(const std::string& name) override;

 protected:
  virtual std::string dsn(const std::string& database) { return server().dsn(database); }
};

/// Through a pooler that gives each transaction a connection of its own choice, which is where a project's pg_dsn
/// often leads.
class PooledUnderTest : public SupabaseUnderTest {
 public:
  using SupabaseUnderTest::SupabaseUnderTest;

 protected:
  std::string dsn(const std::string& database) override;

 private:
  std::unique_ptr<Pooler> m_pooler;
};

class MariadbUnderTest : public DatabaseUnderTest {
 public:
  using DatabaseUnderTest::DatabaseUnderTest;
  const char* family() const override { return "mysql"; }
  MariadbServer& server() override;
  void start_over() override;
  std::string sql(const std::string& text) override;
  nlohmann::json socket_fields() override;
  std::string quoted(const std::string& name) const override;
  std::string placeholder(int number) const override;
  std::string numbers(int last) const override;
  nlohmann::json fields_of_database(const std::string& name) override;
  std::string stalling_query() const override;
  std::string tables() override;
  void make_user(const std::string& name, const std::string& password,
                 const std::vector<std::string>& grants) override;
  void end_connection_that_reads() override;
  void run_into_a_deadlock(const std::string& trigger_table, const std::string& table) override;
  bool is_held_back(const std::string& table) override;
  void create_table_on(const std::string& folder, const std::string& table, const std::string& columns) override;
  void add_trigger(const std::string& trigger_table, const std::string& table) override;

 private:
  std::unique_ptr<MariadbServer> m_server;
};

}  // namespace spillway::testing
