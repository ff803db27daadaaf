#include "database_under_test.hpp"

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::testing {

nlohmann::json DatabaseUnderTest::tcp_fields() {
  nlohmann::json fields = socket_fields();
  fields.erase("socket");
  fields["host"] = DatabaseServer::k_host;
  fields["port"] = server().port();
  return fields;
}

// --- PostgreSQL

PostgresServer& PostgresUnderTest::server() {
  if (!m_server) m_server = std::make_unique<PostgresServer>(options());
  return *m_server;
}

void PostgresUnderTest::start_over() { sql("DROP SCHEMA IF EXISTS t CASCADE; CREATE SCHEMA t"); }

std::string PostgresUnderTest::sql(const std::string& text) {
  return server().sql("SET search_path = t, public;\n" + text);
}

nlohmann::json PostgresUnderTest::socket_fields() {
  return {{"socket", server().socket_folder().string()}, {"port", server().port()},
          {"database", DatabaseServer::k_database},      {"user", DatabaseServer::k_user},
          {"password", DatabaseServer::k_password},      {"schema", "t"}};
}

std::string PostgresUnderTest::quoted(const std::string& name) const {
  return '"' + replace_all(name, "\"", "\"\"") + '"';
}

std::string PostgresUnderTest::placeholder(int number) const { return fmt::format("${}", number); }

std::string PostgresUnderTest::numbers(int last) const { return fmt::format("generate_series(1, {}) AS i", last); }

nlohmann::json PostgresUnderTest::fields_of_database(const std::string& name) {
  server().sql(fmt::format("DROP DATABASE IF EXISTS {0}", quoted(name)));
  server().sql(fmt::format("CREATE DATABASE {0}", quoted(name)));
  nlohmann::json fields = socket_fields();
  fields["database"] = name;
  fields.erase("schema");
  return fields;
}

std::string PostgresUnderTest::stalling_query() const {
  return "SELECT i, CASE WHEN i > 50000 THEN pg_sleep(60)::text END AS s FROM generate_series(1, 50001) AS i";
}

std::string PostgresUnderTest::tables() {
  return sql(
      "SELECT relname FROM pg_class WHERE relkind = 'r' AND (relnamespace = 't'::regnamespace OR relname LIKE "
      "'%spillway%') ORDER BY 1");
}

void PostgresUnderTest::make_user(const std::string& name, const std::string& password,
                                  const std::vector<std::string>& grants) {
  sql(
      fmt::format("DO $$ BEGIN IF to_regrole('{0}') IS NOT NULL THEN DROP OWNED BY {0}; DROP ROLE {0}; END IF; END "
                  "$$; CREATE ROLE {0} LOGIN PASSWORD '{1}'; GRANT USAGE ON SCHEMA t TO {0}",
                  name, password));
  for (const std::string& grant : grants) sql(fmt::format("GRANT {} TO {}", grant, name));
}

void PostgresUnderTest::end_connection_that_reads() {
  while (sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND "
             "application_name LIKE 'spillway%'") == "0\n") {
  }
}

void PostgresUnderTest::run_into_a_deadlock(const std::string& trigger_table, const std::string& table) {
  // Only the writer looks out for deadlocks in this time, so that it is the one who finds it and gives way.
  sql(fmt::format(
      "SET deadlock_timeout = '1h'; BEGIN; LOCK TABLE {1}; DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM "
      "pg_locks WHERE relation = '{1}'::regclass AND NOT granted) LOOP PERFORM pg_sleep(0.001); END LOOP; "
      "END $$; LOCK TABLE {0}; COMMIT",
      trigger_table, table));
}

bool PostgresUnderTest::is_held_back(const std::string& table) {
  return sql(fmt::format("SELECT count(*) FROM pg_locks WHERE relation = '{}'::regclass AND mode = "
                         "'AccessExclusiveLock' AND granted",
                         table)) == "1\n";
}

void PostgresUnderTest::create_table_on(const std::string& folder, const std::string& table,
                                        const std::string& columns) {
  sql(fmt::format("CREATE TABLESPACE small LOCATION '{}'", folder));
  sql(fmt::format("CREATE TABLE {} ({}) TABLESPACE small", table, columns));
}

void PostgresUnderTest::add_trigger(const std::string& trigger_table, const std::string& table) {
  sql(
      fmt::format("CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE {1} SET n = n + 1; "
                  "RETURN NEW; END'; CREATE TRIGGER changes AFTER INSERT ON {0} FOR EACH ROW EXECUTE FUNCTION "
                  "changed()",
                  trigger_table, table));
}

nlohmann::json SupabaseUnderTest::fields_of_database(const std::string& name) {
  PostgresUnderTest::fields_of_database(name);
  std::string escaped;
  for (const char byte : name) escaped += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
  return {{"pg_dsn", dsn(escaped)}};
}

std::string PooledUnderTest::dsn(const std::string& database) {
  if (!m_pooler) m_pooler = std::make_unique<Pooler>(server(), Pooler::Mode::transaction);
  return m_pooler->dsn(database);
}

// --- MariaDB

MariadbServer& MariadbUnderTest::server() {
  if (!m_server) m_server = std::make_unique<MariadbServer>(options());
  return *m_server;
}

void MariadbUnderTest::start_over() { server().sql("DROP DATABASE IF EXISTS t; CREATE DATABASE t"); }

std::string MariadbUnderTest::sql(const std::string& text) { return server().sql(text, "t"); }

nlohmann::json MariadbUnderTest::socket_fields() {
  return {{"socket", server().socket().string()},
          {"database", "t"},
          {"user", DatabaseServer::k_user},
          {"password", DatabaseServer::k_password}};
}

std::string MariadbUnderTest::quoted(const std::string& name) const {
  return '`' + replace_all(name, "`", "``") + '`';
}

std::string MariadbUnderTest::placeholder(int /*number*/) const { return "?"; }

std::string MariadbUnderTest::numbers(int last) const {
  return fmt::format("(SELECT CAST(seq AS INT) AS i FROM seq_1_to_{}) AS r", last);
}

nlohmann::json MariadbUnderTest::fields_of_database(const std::string& name) {
  server().sql(fmt::format("CREATE OR REPLACE DATABASE {}", quoted(name)));
  nlohmann::json fields = socket_fields();
  fields["database"] = name;
  return fields;
}

std::string MariadbUnderTest::stalling_query() const {
  return "SELECT seq AS i, IF(seq > 50000, SLEEP(60), 0) AS s FROM seq_1_to_50001";
}

std::string MariadbUnderTest::tables() { return sql("SHOW TABLES"); }

void MariadbUnderTest::make_user(const std::string& name, const std::string& password,
                                 const std::vector<std::string>& grants) {
  sql(fmt::format("CREATE OR REPLACE USER {}@'%' IDENTIFIED BY '{}'", name, password));
  for (const std::string& grant : grants) sql(fmt::format("GRANT {} TO {}@'%'", grant, name));
}

void MariadbUnderTest::end_connection_that_reads() {
  std::string found;
  while (found.empty()) {
    found = sql(
        "SELECT id FROM information_schema.processlist WHERE state = 'User sleep' AND info LIKE 'SELECT seq AS i%'");
  }
  sql("KILL CONNECTION " + found);
}

void MariadbUnderTest::run_into_a_deadlock(const std::string& trigger_table, const std::string& table) {
  // Who has changed fewer rows gives way. The server looks at its transactions anew when nobody did for 0.1 s.
  sql(
      fmt::format("CREATE TABLE heavy (a int) ENGINE = InnoDB; START TRANSACTION; INSERT INTO heavy SELECT seq FROM "
                  "seq_1_to_1000; UPDATE {1} SET n = n + 1;\nDELIMITER //\nBEGIN NOT ATOMIC WHILE (SELECT COUNT(*) "
                  "FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT') = 0 DO DO SLEEP(0.15); END "
                  "WHILE; END//\nDELIMITER ;\nSELECT COUNT(*) FROM {0} FOR UPDATE; COMMIT; DROP TABLE heavy",
                  trigger_table, table));
}

bool MariadbUnderTest::is_held_back(const std::string& /*table*/) {
  return sql("SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User sleep'") == "1\n";
}

void MariadbUnderTest::create_table_on(const std::string& folder, const std::string& table,
                                       const std::string& columns) {
  sql(fmt::format("CREATE TABLE {} ({}) ENGINE = InnoDB DATA DIRECTORY = '{}'", table, columns, folder));
}

void MariadbUnderTest::add_trigger(const std::string& trigger_table, const std::string& table) {
  sql(fmt::format("CREATE TRIGGER changes AFTER INSERT ON {} FOR EACH ROW UPDATE {} SET n = n + 1", trigger_table,
                  table));
}

}  // namespace spillway::testing
