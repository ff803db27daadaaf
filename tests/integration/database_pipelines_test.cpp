#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "database_under_test.hpp"
#include "project.hpp"
#include "sandbox_support.hpp"
#include "support/long_form.hpp"
#include "support/rest_server.hpp"

/// Pipelines from one server to another, as a user runs them.
namespace spillway::testing {
namespace {

using ::testing::HasSubstr;

class DatabasePipelines : public ::testing::Test {
 protected:
  DatabasePipelines() {
    mariadb().start_over();
    postgres().start_over();
    nlohmann::json connections{{"mysql", {{"main", mariadb().tcp_fields()}}},
                               {"postgres", {{"main", postgres().socket_fields()}}},
                               {"supabase",
                                {{"main",
                                  {{"url", rest.url()},
                                   {"service_role_key", "${SUPABASE_KEY}"},
                                   {"pg_dsn", "${SUPABASE_DSN}"},
                                   {"schema", "t"}}}}}};
    for (const char* family : {"mysql", "postgres"}) connections[family]["main"]["password"] = "${DB_PASSWORD}";
    // JSON is YAML.
    project.write("spillway_connections.yaml", nlohmann::json{{"connections", connections}}.dump());
  }
  static MariadbUnderTest& mariadb() {
    static MariadbUnderTest database;
    return database;
  }
  static PostgresUnderTest& postgres() {
    static PostgresUnderTest database;
    return database;
  }

  void run(const std::vector<Step>& steps) {
    project.write_pipeline(steps);
    expect_success(project, project.run(environment));
  }
  /// What a run says that has to fail.
  std::string error_of(const std::vector<Step>& steps) {
    project.write_pipeline(steps);
    const ProcessResult result = project.run(environment);
    EXPECT_EQ(result.exit_code, 1);
    return result.err;
  }
  static Step read(const char* component, Json config) { return {"read", component, std::move(config)}; }
  static Step load(const char* component, Json config) { return {"load", component, std::move(config)}; }

  /// The server's own checksum of a table's rows.
  static std::string mariadb_sum(const std::string& table) {
    const std::string line = mariadb().sql("CHECKSUM TABLE " + table);
    return line.substr(line.find('\t'));
  }
  static std::string postgres_sum(const std::string& table) {
    return postgres().sql("SELECT count(*), md5(string_agg(r::text, E'\\n' ORDER BY id)) FROM " + table + " AS r");
  }

  Project project;
  RestServer rest{postgres().server()};
  Project::Environment environment{{"DB_PASSWORD", DatabaseServer::k_password},
                                   {"SUPABASE_KEY", RestServer::k_key},
                                   {"SUPABASE_DSN", postgres().server().dsn()}};
};

// --- the guide's own pipeline

TEST_F(DatabasePipelines, TheGuidesPipelineGoesFromMariadbToPostgresqlAndSupabaseWhereverTheWorkerIs) {
  // Over REST a table has to be there.
  postgres().sql("CREATE TABLE stats_rest (year int, movies bigint, rating double precision)");
  mariadb().sql(
      "CREATE TABLE movies (id int PRIMARY KEY, title varchar(40), year year, rating decimal(3,1));"
      "INSERT INTO movies SELECT seq, CONCAT('movie ', seq), 2000 + seq % 3, IF(seq = 7, NULL, seq % 10) FROM "
      "seq_1_to_14");
  const std::string expected =
      mariadb().sql("SELECT year, COUNT(*), ROUND(AVG(rating), 2) FROM movies GROUP BY year ORDER BY year");
  project.write_pipeline(
      {{"extract-movies", "mysql.extractor", {{"table", "movies"}, {"order", {"id"}}}},
       processor("compute-stats",
                 "SELECT year, count(*) AS movies, avg(rating) AS rating FROM df GROUP BY year ORDER BY year"),
       {"load-stats", "postgres.writer", {{"table", "stats"}, {"create_if_missing", true}}, {{"compute-stats"}}},
       {"load-stats-by-dsn",
        "supabase.writer",
        {{"table", "stats_dsn"}, {"create_if_missing", true}, {"channel", "postgres"}},
        {{"compute-stats"}}},
       {"load-stats-by-rest",
        "supabase.writer",
        {{"table", "stats_rest"}, {"channel", "rest"}},
        {{"compute-stats"}}}});
  for (const char* place : {"local", "process", "bwrap"}) {
    if (std::string_view(place) == "bwrap" && !no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    for (const char* spill : {"0", "1"}) {
      SCOPED_TRACE(fmt::format("{}, spill {}", place, spill));
      environment["SPILLWAY_SANDBOX"] = place;
      environment["E2B_FORCE_SPILL"] = spill;
      postgres().sql("DROP TABLE IF EXISTS stats, stats_dsn; TRUNCATE stats_rest");
      expect_success(project, project.run(environment));
      const RunDir run = project.latest_run();
      EXPECT_EQ(run.events("rows_out").at(0)["value"], 14);
      for (const Json& input : run.events("inputs_resolved")) EXPECT_EQ(input["from_spill"], spill[0] == '1');
      EXPECT_EQ(run.card()["total_rows"], 9);
      for (const char* table : {"stats", "stats_dsn", "stats_rest"}) {
        EXPECT_EQ(postgres().sql(
                      fmt::format("SELECT year, movies, round(rating::numeric, 2) FROM {} ORDER BY year", table)),
                  expected)
            << table;
      }
    }
  }
}

// --- many rows

TEST_F(DatabasePipelines, ATableOfAnyLengthFitsLittleMemory) {
  const std::uint64_t row_count = is_long_form() ? 100'000'000 : 2'000'000;
  project.write_pipeline({read(
      "postgres.extractor",
      {{"query", fmt::format("SELECT generate_series(1, {}) AS id, random() AS share, 'row' AS name", row_count)},
       {"statement_timeout", 3600}})});
  environment["SPILLWAY_MEMORY_LIMIT"] = "300MB";
  environment["E2B_FORCE_SPILL"] = "1";
  const ProcessResult result = project.run(environment);
  expect_success(project, result);
  EXPECT_EQ(project.latest_run().card_step("read")["rows_out"], row_count);
  EXPECT_EQ(project.latest_run().card_step("read")["spill_used"], true);
  if (!program_is_sanitized()) {
    EXPECT_LT(result.peak_memory_bytes >> 20U, 300U);
  }
}

TEST_F(DatabasePipelines, RowsOfAnyWidthFitLittleMemory) {
  constexpr std::uint64_t k_rows = 400;  // of a megabyte each
  environment["SPILLWAY_MEMORY_LIMIT"] = "300MB";
  for (const auto& [component, query] :
       {std::pair("postgres.extractor",
                  "SELECT i, repeat(md5(i::text), 32768) AS s FROM generate_series(1, 400) AS i"),
        std::pair("mysql.extractor", "SELECT seq, REPEAT(MD5(seq), 32768) AS s FROM seq_1_to_400")}) {
    project.write_pipeline({read(component, {{"query", query}})});
    for (const char* spill : {"0", "1"}) {
      SCOPED_TRACE(fmt::format("{}, spill {}", component, spill));
      environment["E2B_FORCE_SPILL"] = spill;
      const ProcessResult result = project.run(environment);
      expect_success(project, result);
      EXPECT_EQ(project.latest_run().card_step("read")["rows_out"], k_rows);
      if (!program_is_sanitized()) {
        EXPECT_LT(result.peak_memory_bytes >> 20U, spill[0] == '1' ? 200U : 350U);
      }
    }
  }
}

// --- every type, with its smallest and largest values

constexpr const char* k_mariadb_table =
    "(id int PRIMARY KEY, a tinyint, b tinyint unsigned, c smallint, d smallint unsigned, e mediumint, f mediumint "
    "unsigned, g int, h int unsigned, i bigint, j bigint unsigned, k year, l bit(64), m decimal(38,10), n "
    "decimal(18,18), o float, p double, q char(9), r varchar(40), s longtext, t varbinary(9), u longblob, v date, w "
    "time(6), x datetime(6), y timestamp(6) NULL, z json, aa uuid, ab inet6, ac enum('x','ž'), ad set('x','y'), ae "
    "varchar(9) CHARACTER SET latin1, af boolean, ag bit(1), ah decimal(38,0))";
constexpr const char* k_mariadb_rows =
    "(1, -128, 0, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0, 1901, 0, "
    "-9999999999999999999999999999.9999999999, -0.999999999999999999, -1.5, -1.7976931348623157e308, '', '', '', '', "
    "'', '0001-01-01', '00:00:00', '0001-01-01', '1970-01-01 00:00:01', '[]', "
    "'00000000-0000-0000-0000-000000000000', '::', 'x', '', 'naïve', false, b'0', "
    "-99999999999999999999999999999999999999), "
    "(2, 127, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 9223372036854775807, "
    "18446744073709551615, 2155, 18446744073709551615, 9999999999999999999999999999.9999999999, "
    "0.999999999999999999, 3.4e38, 4.9406564584124654e-324, 'žluť 🐎', 'tab\\t\\\\N', 'nl\\n\\r\\'\"', x'00ff0a5c', "
    "x'09', '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999999', "
    "'{\"a\":  \"\\\\\\\\\", \"a\": 1.50}', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'ffff::1', 'ž', 'x,y', '', true, "
    "b'1', 99999999999999999999999999999999999999)";

constexpr const char* k_postgres_table =
    "(id int PRIMARY KEY, a boolean, b smallint, c integer, d bigint, e oid, f numeric(38,10), g numeric(38,38), h "
    "numeric, i real, j double precision, k text, l varchar(9), m char(5), n bytea, o date, p time, q timetz, r "
    "timestamp, s timestamptz, t interval, u uuid, v json, w jsonb, x integer[], y text[], z numeric(5,2)[], aa "
    "bit(3), ab varbit, ac inet, ad cidr, ae macaddr, af int4range, ag tstzrange, ah xml, ai point, aj tsvector, ak "
    "mood, al age, am mood[], an name)";
constexpr const char* k_postgres_rows =
    "(1, false, -32768, -2147483648, -9223372036854775808, 0, -9999999999999999999999999999.9999999999, "
    "-0.99999999999999999999999999999999999999, -9999999999999999999999999999.9999999999, '-Infinity', "
    "-1.7976931348623157e308, '', '', '', '', '4713-01-01 BC', '00:00', '00:00:00+15:59', '4713-01-01 00:00 BC', "
    "'4713-01-02 00:00+00 BC', '-178000000 years', '00000000-0000-0000-0000-000000000000', '{\"a\":  1, \"a\": 2}', "
    "'{}', '{}', '{NULL,\"\",\"NULL\"}', '{-999.99}', '000', '', '::/0', '0.0.0.0/0', '00:00:00:00:00:00', 'empty', "
    "'(,)', '<a/>', '(-1e300,0)', '', 'sad', 0, '{}', ''), "
    "(2, true, 32767, 2147483647, 9223372036854775807, 4294967295, 9999999999999999999999999999.9999999999, "
    "0.99999999999999999999999999999999999999, 0.0000000001, 1.17549435e-38, 4.9406564584124654e-324, "
    "E'žluť 🐎\\t\\n\\\\N', 'ž', 'ž', '\\x00ff0a5c', '5874897-12-31', '24:00:00', '23:59:59.999999-15:59', "
    "'294246-12-31 23:59:59.999999', 'infinity', '178000000 years 11 mons 30 days 23:59:59.999999', "
    "'ffffffff-ffff-ffff-ffff-ffffffffffff', '[1e400]', '{\"b\": 12345678901234567890.5}', '{NULL,2147483647}', "
    "'{}', '{NULL,0.01}', '111', '10101', 'ffff::1/64', '10.0.0.0/8', 'ff:ff:ff:ff:ff:ff', '[1,5)', "
    "'[2024-01-01 00:00+00,infinity]', 'text', '(1,2)', '''a'':1', 'ok', 149, '{ok,NULL}', 'x'), "
    "(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'NaN', 'NaN', NULL, NULL, NULL, NULL, 'infinity', NULL, "
    "NULL, '-infinity', '-infinity', NULL, NULL, NULL, 'null', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
    "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)";

/// MariaDB, then PostgreSQL, then a file, and back.
TEST_F(DatabasePipelines, EveryTypeOfMariadbSurvivesTheWayThroughPostgresqlAndParquet) {
  mariadb().sql(
      fmt::format("CREATE TABLE every {}; INSERT INTO every VALUES {}; INSERT INTO every (id) VALUES (3); "
                  "CREATE TABLE copied LIKE every",
                  k_mariadb_table, k_mariadb_rows));
  for (const char* spill : {"0", "1"}) {
    SCOPED_TRACE(spill);
    environment["E2B_FORCE_SPILL"] = spill;
    mariadb().sql("DELETE FROM copied");
    postgres().sql("DROP TABLE IF EXISTS every");
    run({read("mysql.extractor", {{"table", "every"}}),
         load("postgres.writer", {{"table", "every"}, {"create_if_missing", true}})});
    run({read("postgres.extractor", {{"table", "every"}}),
         load("filesystem.parquet_writer", {{"path", "every.parquet"}})});
    run({read("filesystem.parquet_extractor", {{"path", "every.parquet"}}),
         load("mysql.writer", {{"table", "copied"}})});
    EXPECT_EQ(mariadb().sql("SELECT COUNT(*) FROM every; SELECT COUNT(*) FROM copied"), "3\n3\n");
    EXPECT_EQ(mariadb_sum("every"), mariadb_sum("copied"));
  }
}

TEST_F(DatabasePipelines, EveryTypeOfPostgresqlSurvivesTheWayToAnotherTable) {
  postgres().sql(
      fmt::format("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN age AS int CHECK (VALUE < 150); "
                  "CREATE TABLE every {}; INSERT INTO every VALUES {}; CREATE TABLE copied (LIKE every)",
                  k_postgres_table, k_postgres_rows));
  for (const char* spill : {"0", "1"}) {
    SCOPED_TRACE(spill);
    environment["E2B_FORCE_SPILL"] = spill;
    run({read("postgres.extractor", {{"table", "every"}}),
         load("postgres.writer", {{"table", "copied"}, {"write_mode", "replace"}})});
    EXPECT_EQ(postgres_sum("every"), postgres_sum("copied"));
  }
  environment["E2B_FORCE_SPILL"] = "0";
  postgres().sql("TRUNCATE copied");
  run({streamed(read("postgres.extractor", {{"table", "every"}})), load("postgres.writer", {{"table", "copied"}})});
  EXPECT_EQ(postgres_sum("every"), postgres_sum("copied"));
}

// --- what goes wrong with rows that are streamed

TEST_F(DatabasePipelines, AStreamedLoadThatGivesWayInADeadlockIsNotTriedAgain) {
  postgres().sql("CREATE TABLE w (i bigint); CREATE TABLE other (n int); INSERT INTO other VALUES (0)");
  postgres().add_trigger("w", "other");
  project.write("rows.csv", "i\n1\n2\n");
  std::thread other([] { postgres().run_into_a_deadlock("w", "other"); });
  while (!postgres().is_held_back("other")) {
  }
  const std::string error = error_of({streamed(read("filesystem.csv_extractor", {{"path", "rows.csv"}})),
                                      load("postgres.writer", {{"table", "w"}})});
  other.join();
  EXPECT_THAT(error, HasSubstr("[SQLSTATE 40P01]"));
  EXPECT_THAT(error,
              HasSubstr("hint: run the pipeline again; without materialize: stream in step 'read' the load would "
                        "have been tried again"));
  EXPECT_EQ(postgres().sql("SELECT count(*) FROM w"), "0\n");
}

TEST_F(DatabasePipelines, AStreamDoesNotGoOverRest) {
  postgres().sql("CREATE TABLE w (id bigint PRIMARY KEY)");
  project.write("rows.csv", "id\n1\n2\n");
  const Step rows = streamed(read("filesystem.csv_extractor", {{"path", "rows.csv"}}));
  for (const char* mode : {"append", "upsert"}) {
    EXPECT_THAT(
        error_of({rows, load("supabase.writer",
                             {{"table", "w"}, {"channel", "rest"}, {"write_mode", mode}, {"primary_key", {"id"}}})}),
        HasSubstr("cannot write table 'w': what step 'read' streams does not go over rest: each request is a "
                  "transaction of its own, so that rows would stay when that step fails later\n"
                  "  hint: channel: postgres does it in one transaction; the connection needs a pg_dsn"));
  }
  EXPECT_EQ(postgres().sql("SELECT count(*) FROM w"), "0\n");
  run({rows, load("supabase.writer", {{"table", "w"}, {"channel", "postgres"}})});
  EXPECT_EQ(postgres().sql("SELECT count(*) FROM w"), "2\n");
}

TEST_F(DatabasePipelines, AStreamedRowThatIsRefusedIsNamedByItsNumber) {
  postgres().sql("CREATE TABLE w (i bigint PRIMARY KEY)");
  project.write("rows.csv", "i\n1\n2\n2\n");
  EXPECT_THAT(error_of({streamed(read("filesystem.csv_extractor", {{"path", "rows.csv"}})),
                        load("postgres.writer", {{"table", "w"}})}),
              HasSubstr("[SQLSTATE 23505]; it is row 3 of the input"));
  EXPECT_EQ(project.latest_run().card_step("read")["status"], "succeeded");
}

TEST_F(DatabasePipelines, WhatTheOtherServerHasNoPlaceForIsRefusedWithTheReason) {
  mariadb().sql(
      "CREATE TABLE nul (s text); INSERT INTO nul VALUES ('a\\0b'); CREATE TABLE wide (d decimal(65,0)); "
      "INSERT INTO wide VALUES (100000000000000000000000000000000000000)");
  const auto to_postgres = [](const char* table) {
    return std::vector<Step>{read("mysql.extractor", {{"table", table}}),
                             load("postgres.writer", {{"table", table}, {"create_if_missing", true}})};
  };
  EXPECT_THAT(error_of(to_postgres("nul")), HasSubstr("cannot write table 'nul': "));
  EXPECT_THAT(error_of(to_postgres("wide")),
              HasSubstr("cannot read column 'd' of table 'wide', row 1: the number "
                        "100000000000000000000000000000000000000 is too large for DECIMAL(38,0)"));
  postgres().sql("CREATE TABLE old (d date); INSERT INTO old VALUES ('0044-03-15 BC')");
  EXPECT_THAT(error_of({read("postgres.extractor", {{"table", "old"}}),
                        load("mysql.writer", {{"table", "old"}, {"create_if_missing", true}})}),
              HasSubstr("column 'd', row 1: the date is out of the range of date, years 1 to 9999"));
  EXPECT_EQ(postgres().tables() + mariadb().tables(), "old\nnul\nwide\n");
}

}  // namespace
}  // namespace spillway::testing
