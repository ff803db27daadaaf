#include <signal.h>

#include <array>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "integration/postgres_fixture.hpp"
#include "integration/project.hpp"
#include "util/strings.hpp"

/// What is of a pooler alone. That the drivers do the same through one as without is asked in the suites of every
/// family, as "pooled".
namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr std::array k_pool_modes{Pooler::Mode::transaction, Pooler::Mode::session};
constexpr std::array k_write_modes{"append", "truncate", "replace", "upsert"};

class PoolerTest : public PostgresTest {
 protected:
  /// With connections for two at a time, and little patience with a third.
  static Pooler& pooler(Pooler::Mode mode = Pooler::Mode::transaction) {
    static const std::vector<std::string> k_settings{"default_pool_size = 2", "query_wait_timeout = 1"};
    static Pooler transactions(server(), Pooler::Mode::transaction, k_settings);
    static Pooler sessions(server(), Pooler::Mode::session, k_settings);
    return mode == Pooler::Mode::session ? sessions : transactions;
  }
  static Json fields_of(const Pooler& pooler) { return {{"pg_dsn", pooler.dsn()}, {"schema", "t"}}; }

  PoolerTest() { fields = fields_of(pooler()); }

  std::uint64_t write(Json config) {
    config.emplace("table", "w");
    return run("supabase.writer", std::move(config), {{"df", "frame"}}).rows_written;
  }
  /// With this in place of the connection's address.
  std::string connect_error(const std::string& dsn) {
    fields["pg_dsn"] = dsn;
    std::string shown = error_of("supabase.extractor", {{"query", "SELECT 1"}}).to_display();
    EXPECT_THAT(shown, Not(HasSubstr("wörd")));
    return replace_all(std::move(shown), fmt::format(", port {} failed", pooler().port()), ", port N failed");
  }
  static std::string replaced(const std::string& dsn, std::string_view what, std::string_view by) {
    EXPECT_THAT(dsn, HasSubstr(what));
    return replace_all(dsn, what, by);
  }
};

TEST_F(PoolerTest, EitherModeServesReadersAndWritersOfBothComponents) {
  sql("CREATE TABLE films (id int, name text); INSERT INTO films VALUES (1, 'one'), (2, 'two')");
  for (const Pooler::Mode mode : k_pool_modes) {
    for (const std::string family : {"supabase", "postgres"}) {
      fields = {{family == "postgres" ? "dsn" : "pg_dsn", pooler(mode).dsn()}, {"schema", "t"}};
      extract(family + ".extractor", {{"query", "SELECT name FROM films WHERE id > $1"}, {"params", {1}}});
      EXPECT_EQ(rows(), (Rows{{"two"}}));
      extract(family + ".extractor", {{"table", "films"}, {"order", {"id"}}});
      EXPECT_EQ(rows(), (Rows{{"1", "one"}, {"2", "two"}}));
      for (const char* write_mode : k_write_modes) {
        sql("DROP TABLE IF EXISTS w");
        const Json config{
            {"table", "w"}, {"write_mode", write_mode}, {"primary_key", "id"}, {"create_if_missing", true}};
        for (const char* select : {"SELECT 1 AS id, 'first' AS v", "SELECT 2 AS id, 'second' AS v"}) {
          make_frame(select, "written");
          EXPECT_EQ(run(family + ".writer", config, {{"df", "written"}}).rows_written, 1U);
        }
        const bool keeps_rows = write_mode == std::string_view("append") || write_mode == std::string_view("upsert");
        EXPECT_EQ(sql("SELECT * FROM w ORDER BY id"), keeps_rows ? "1\tfirst\n2\tsecond\n" : "2\tsecond\n")
            << family << ' ' << write_mode;
      }
    }
  }
}

TEST_F(PoolerTest, PartsReadOneSnapshotOverConnectionsOfTheirOwn) {
  sql("CREATE TABLE p AS SELECT i AS id, repeat('x', 200) AS s FROM generate_series(1, 50000) AS i");
  for (const Pooler::Mode mode : k_pool_modes) {
    fields = fields_of(pooler(mode));
    for (const Json& partition : {Json{{"parts", 2}}, Json{{"column", "id"}, {"parts", 2}}}) {
      extract("supabase.extractor", {{"table", "p"}, {"partition", partition}});
      EXPECT_EQ(count("SELECT count(DISTINCT id) FROM frame"), 50000U);
      EXPECT_EQ(count("SELECT count(*) FROM frame"), 50000U);
    }
    extract("supabase.extractor",
            {{"query", "SELECT id, pg_backend_pid() AS pid, pg_current_snapshot()::text AS snapshot FROM p"},
             {"partition", {{"column", "id"}, {"parts", 2}}}});
    EXPECT_EQ(count("SELECT count(DISTINCT pid) FROM frame"), 2U);
    EXPECT_EQ(count("SELECT count(DISTINCT snapshot) FROM frame"), 1U);
  }
}

TEST_F(PoolerTest, MorePartsThanThePoolHasConnectionsAreAnErrorThatSaysSo) {
  sql("CREATE TABLE p AS SELECT i AS id FROM generate_series(1, 9) AS i");
  EXPECT_EQ(
      error_of("supabase.extractor", {{"table", "p"}, {"partition", {{"column", "id"}, {"parts", 3}}}}).to_display(),
      "error: cannot read table 'p': lost the connection to PostgreSQL: FATAL:  query_wait_timeout; SSL connection "
      "has been closed unexpectedly\n"
      "  hint: the pooler has no connection left: wait for others to end, give 'partition' fewer parts, or make "
      "the pool larger");
}

/// The next client gets the server's process as it was: with a pool of one it is the same process.
TEST_F(PoolerTest, NothingOfAStepIsLeftToTheNextClient) {
  const Pooler alone(server(), Pooler::Mode::transaction, {"default_pool_size = 1"});
  fields = fields_of(alone);
  const auto seen_by_another = [&] {
    return alone.sql(
        "SELECT pg_backend_pid() AS pid; SELECT name, setting FROM pg_settings WHERE name <> 'application_name' "
        "ORDER "
        "BY name; SELECT name FROM pg_prepared_statements; SELECT name FROM pg_cursors WHERE NOT name = ''; SELECT "
        "* FROM pg_listening_channels(); SELECT locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = "
        "'advisory'; SELECT relname FROM pg_class WHERE relpersistence = 't'");
  };
  const auto without_process = [](const std::string& seen) { return seen.substr(seen.find('\n')); };
  sql("CREATE TABLE w (id int PRIMARY KEY, v text)");
  const std::string before = seen_by_another();
  make_frame("SELECT 1 AS id, 'x' AS v");
  for (const char* mode : k_write_modes) {
    sql("TRUNCATE w");
    write({{"write_mode", mode}, {"primary_key", "id"}, {"statement_timeout", 7}, {"lock_timeout", 8}});
    EXPECT_EQ(seen_by_another(), before) << mode;
  }
  error_of("supabase.writer", {{"table", "w"}}, {{"df", "frame"}});
  EXPECT_EQ(without_process(seen_by_another()), without_process(before));
  for (const Json& config : {Json{{"table", "w"}, {"statement_timeout", 7}}, Json{{"query", "SHOW search_path"}}}) {
    extract("supabase.extractor", config);
    EXPECT_EQ(without_process(seen_by_another()), without_process(before));
  }
  error_of("supabase.extractor", {{"query", "SELECT 1/0"}});
  EXPECT_EQ(without_process(seen_by_another()), without_process(before));
}

/// What is behind a pooler may go without it.
class ServerBehindPooler : public PoolerTest {
 protected:
  ServerBehindPooler() { fields = {{"pg_dsn", alone.dsn()}}; }

  PostgresServer behind;
  Pooler alone{behind, Pooler::Mode::transaction, {"server_login_retry = 1"}};
};

TEST_F(ServerBehindPooler, ACommitWhoseServerIsGoneIsNotRepeated) {
  behind.sql(
      "CREATE TABLE w (id int); CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM "
      "pg_sleep(60); RETURN NULL; END'; CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON w DEFERRABLE INITIALLY "
      "DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()");
  make_frame("SELECT 1 AS id");
  auto written = std::async(std::launch::async, [&] {
    return error_of("supabase.writer", {{"table", "w"}}, {{"df", "frame"}});
  });
  while (behind.sql("SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'") == "0\n") {
  }
  behind.crash();
  const Error error = written.get();
  EXPECT_EQ(
      error.to_display(),
      "error: cannot write table 'w': lost the connection to PostgreSQL: FATAL:  server conn crashed?; SSL "
      "connection has been closed unexpectedly; whether the rows were committed is not known\n"
      "  hint: look whether they are there before running it again; write_mode: upsert and replace may always be "
      "repeated");
  EXPECT_FALSE(error.retryable);
}

TEST_F(ServerBehindPooler, OneThatComesBackIsWaitedFor) {
  behind.crash();
  auto read = std::async(std::launch::async, [&] { extract("supabase.extractor", {{"query", "SELECT 1"}}); });
  behind.restart();
  read.get();
  EXPECT_EQ(rows(), (Rows{{"1"}}));
}

TEST_F(PoolerTest, WhatItRefusesIsToldWithWhatToDo) {
  const std::string dsn = pooler().dsn();
  const std::string start = "error: cannot read the query: cannot connect to PostgreSQL: ";
  const std::string at_server = start + "connection to server at \"127.0.0.1\", port N failed: FATAL:  ";
  for (const auto& [what, by] : {std::pair("pa%20ss", "hunter2"), std::pair("//spillway:", "//nobody:")}) {
    EXPECT_EQ(connect_error(replaced(dsn, what, by)),
              at_server + "SASL authentication failed\n  hint: check user and password of the connection");
  }
  EXPECT_EQ(connect_error(replaced(dsn, "/spillway?", "/nothing?")),
            at_server + "database \"nothing\" does not exist\n  hint: check database and user of the connection");
  EXPECT_EQ(
      connect_error(dsn + "&options=-c%20statement_timeout%3D1s"),
      at_server +
          "unsupported startup parameter: options\n"
          "  hint: a pooler sets nothing when it connects: leave options out of the dsn; the connection's schema "
          "is for the search path");
  EXPECT_EQ(connect_error(dsn + "&pgbouncer=true"),
            start +
                "the connection's dsn cannot be read\n"
                "  hint: leave out what stands behind its ? for another tool (pgbouncer=true), and encode a ? of the "
                "password as %3F");
}

TEST_F(PoolerTest, OneThatLetsNobodyElseInIsTriedAgain) {
  const Pooler full(server(), Pooler::Mode::transaction, {"max_client_conn = 1"});
  fields = fields_of(full);
  extract("supabase.extractor", {{"query", "SELECT 1"}});
  const Error error =
      error_of("supabase.extractor", {{"query", "SELECT 1"}, {"partition", {{"column", "?column?"}, {"parts", 2}}}});
  EXPECT_EQ(
      error.to_display(),
      fmt::format("error: cannot read the query: cannot connect to PostgreSQL: connection to server at "
                  "\"127.0.0.1\", port {} failed: FATAL:  no more connections allowed (max_client_conn), after 4 "
                  "attempts\n"
                  "  hint: the pooler has no connection left: wait for others to end, give 'partition' fewer "
                  "parts, or make the pool larger",
                  full.port()));
}

/// The program itself, as a user runs it.
class PooledRun : public PoolerTest {
 protected:
  PooledRun() {
    project.write("spillway_connections.yaml",
                  "connections:\n  supabase:\n    main: {schema: t, pg_dsn: '${SUPABASE_DSN}'}\n");
  }
  Project project;
  Project::Environment environment{{"SUPABASE_DSN", pooler().dsn()}};
};

TEST_F(PooledRun, TheDoctorAndDiscoverSeeTheServerBehindIt) {
  sql("CREATE TABLE films (id int PRIMARY KEY, name text); INSERT INTO films VALUES (1, 'one'); ANALYZE films");
  const ProcessResult doctor = project.spillway({"connections", "doctor"}, environment);
  EXPECT_EQ(doctor.exit_code, 0) << doctor.out << doctor.err;
  EXPECT_THAT(doctor.out, MatchesRegex("@supabase.main  ok\n"
                                       "  connect  as spillway to database spillway\n"
                                       "  tls      TLSv1.3\n"
                                       "  version  PostgreSQL 15[^\n]*\n"
                                       "  latency  [0-9.]+ ms a round trip\n"
                                       "  rights   CONNECT, CREATE, TEMPORARY on database spillway as spillway\n"));
  const ProcessResult discover =
      project.spillway({"discover", "@supabase.main", "--table", "films", "--sample", "1"}, environment);
  EXPECT_EQ(discover.out,
            "t.films  table, 2 columns, about 1 rows\n  id  integer NOT NULL, primary key\n  name  text\n"
            "row 1\n  id: 1\n  name: one\n");
}

TEST_F(PooledRun, CtrlCEndsTheServersQueryToo) {
  const auto running = [](const char* state) {
    return sql(fmt::format(
               "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(' || '61)%' AND state = "
               "'{}'",
               state)) == "1\n";
  };
  project.write_pipeline({{"extract", "supabase.extractor", {{"query", "SELECT pg_sleep(61)::text AS nothing"}}}});
  Process process({spillway_program(), "run", "pipeline.yaml"}, {project.path(), environment, ""});
  while (!running("active")) {
  }
  process.send_signal(SIGINT);
  const ProcessResult result = process.wait();
  const auto end = std::chrono::steady_clock::now();
  EXPECT_EQ(project.latest_run().card()["status"], "cancelled");
  while (running("active")) {
    ASSERT_LT(std::chrono::steady_clock::now() - end, std::chrono::seconds(2));
  }
  // What the pooler gave it, others get now.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pooler().sql("SELECT 1"), "1\n");
}

}  // namespace
}  // namespace spillway::testing
