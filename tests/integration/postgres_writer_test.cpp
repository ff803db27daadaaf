#include "integration/postgres_fixture.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::HasSubstr;

class PostgresWriter : public PostgresTest {
 protected:
  std::uint64_t write(const std::string& select, Json config) {
    make_frame(select);
    config.emplace("table", "w");
    return run("postgres.writer", std::move(config), {{"df", "frame"}}).rows_written;
  }
  Error write_error(const std::string& select, Json config) {
    make_frame(select);
    config.emplace("table", "w");
    return error_of("postgres.writer", std::move(config), {{"df", "frame"}});
  }
  /// What another session does; it may be ended on the way.
  static std::string sql_if_it_can(const std::string& text) {
    try {
      return sql(text);
    } catch (const std::runtime_error&) {
      return {};
    }
  }
  static std::string all() { return sql("SELECT * FROM w ORDER BY 1"); }
};

TEST_F(PostgresWriter, AppendsInTheInputsOrder) {
  sql("CREATE TABLE w (id int, name text, at timestamp DEFAULT '2024-01-01')");
  EXPECT_EQ(write("SELECT 'b' AS name, 2 AS id UNION ALL SELECT NULL, 1", {}), 2U);
  EXPECT_EQ(sql("SELECT id, name, at FROM w"), "2\tb\t2024-01-01 00:00:00\n1\t\t2024-01-01 00:00:00\n");
  EXPECT_EQ(write("SELECT 3 AS id, 'c' AS name", {}), 1U);
  EXPECT_EQ(sql("SELECT count(*) FROM w"), "3\n");
  EXPECT_EQ(metric("rows_written"), Json(2));
}

TEST_F(PostgresWriter, CreatesATableWithItsKeyAndKeepsTheDdl) {
  EXPECT_EQ(write("SELECT 1 AS id, CAST(1.5 AS DECIMAL(5,2)) AS \"Odd \"\"name\"\"\"",
                  {{"table", "Made here"}, {"create_if_missing", true}, {"primary_key", "id"}}),
            1U);
  EXPECT_EQ(sql(R"(SELECT * FROM "Made here")"), "1\t1.50\n");
  EXPECT_EQ(read_file(artifacts() / "ddl.sql").value(),
            "CREATE TABLE \"Made here\" (\n  \"id\" integer,\n  \"Odd \"\"name\"\"\" numeric(5,2),\n"
            "  PRIMARY KEY (\"id\")\n);\n");
  EXPECT_EQ(sink().events("artifact_created").back()["artifact_type"], "ddl");
}

TEST_F(PostgresWriter, ASchemaThatIsMissingIsNotCreated) {
  EXPECT_EQ(write_error("SELECT 1 AS id", {{"table", "nowhere.w"}, {"create_if_missing", true}}).to_display(),
            "error: cannot write table 'nowhere.w': schema \"nowhere\" does not exist [SQLSTATE 3F000]\n"
            "  hint: create the schema first");
}

TEST_F(PostgresWriter, ReplaceKeepsTheTableAndWhatDependsOnIt) {
  sql("CREATE TABLE w (id int PRIMARY KEY, name text); INSERT INTO w VALUES (1, 'old'); CREATE INDEX by_name ON w "
      "(name);"
      "CREATE VIEW seen AS SELECT name FROM w; GRANT SELECT ON w TO PUBLIC;"
      "CREATE TABLE refers (id int REFERENCES w)");
  const std::string before = sql("SELECT 'w'::regclass::oid, relacl FROM pg_class WHERE oid = 'w'::regclass");
  for (const char* mode : {"replace", "truncate"}) {
    EXPECT_EQ(write("SELECT range AS id, 'new ' || range AS name FROM range(3)", {{"write_mode", mode}}), 3U);
    EXPECT_EQ(sql("SELECT * FROM seen ORDER BY 1"), "new 0\nnew 1\nnew 2\n");
  }
  EXPECT_EQ(sql("SELECT 'w'::regclass::oid, relacl FROM pg_class WHERE oid = 'w'::regclass"), before);
  EXPECT_EQ(sql("SELECT count(*) FROM pg_indexes WHERE tablename = 'w'"), "2\n");
  sql("INSERT INTO refers VALUES (2)");
  EXPECT_THAT(write_error("SELECT 7 AS id, 'x' AS name", {{"write_mode", "replace"}}).message,
              HasSubstr("violates foreign key constraint"));
  EXPECT_EQ(sql("SELECT count(*) FROM w"), "3\n");
}

TEST_F(PostgresWriter, UpsertNeedsAKey) {
  sql("CREATE TABLE w (id int, v text)");
  EXPECT_EQ(write_error("SELECT 1 AS id, 'a' AS v", {{"write_mode", "upsert"}}).to_display(),
            "error: cannot upsert in step 'step': it names no primary_key\n"
            "  hint: primary_key: [id] says which columns tell a row from another");
  EXPECT_EQ(
      write_error("SELECT 1 AS id, 'a' AS v", {{"write_mode", "upsert"}, {"primary_key", "id"}}).to_display(),
      "error: cannot write table 'w': there is no unique or exclusion constraint matching the ON CONFLICT "
      "specification [SQLSTATE 42P10]\n  hint: primary_key must be the columns of a primary key or a unique index");
  sql("CREATE UNIQUE INDEX ON w (id)");
  EXPECT_EQ(
      write_error("SELECT NULL::INTEGER AS id, 'a' AS v", {{"write_mode", "upsert"}, {"primary_key", "id"}}).message,
      "cannot write table 'w': 1 row(s) of the input have NULL in primary_key (id)");
}

TEST_F(PostgresWriter, EvolveAddsAndWidensColumns) {
  sql("CREATE TABLE w (a smallint, b numeric(5,2), c date, d real); INSERT INTO w VALUES (1, 1.5, '2024-01-01', "
      "0.5)");
  EXPECT_EQ(
      write("SELECT 3000000000 AS a, CAST(12345.678 AS DECIMAL(10,3)) AS b, TIMESTAMP '2024-02-29 12:00:00' AS c, "
            "CAST(0.1 AS DOUBLE) AS d, 'new' AS e",
            {{"on_schema_change", "evolve"}}),
      1U);
  EXPECT_EQ(all(), "1\t1.500\t2024-01-01 00:00:00\t0.5\t\n3000000000\t12345.678\t2024-02-29 12:00:00\t0.1\tnew\n");
  EXPECT_EQ(read_file(artifacts() / "ddl.sql").value(),
            "ALTER TABLE \"w\" ADD COLUMN \"e\" text;\nALTER TABLE \"w\" ALTER COLUMN \"a\" TYPE bigint;\n"
            "ALTER TABLE \"w\" ALTER COLUMN \"b\" TYPE numeric(10,3);\n"
            "ALTER TABLE \"w\" ALTER COLUMN \"c\" TYPE timestamp;\n"
            "ALTER TABLE \"w\" ALTER COLUMN \"d\" TYPE double precision;\n");
}

TEST_F(PostgresWriter, AFailedRunLeavesNoNewColumnBehind) {
  sql("CREATE TABLE w (id int PRIMARY KEY); INSERT INTO w VALUES (1)");
  write_error("SELECT 1 AS id, 'x' AS extra", {{"on_schema_change", "evolve"}});
  EXPECT_EQ(all(), "1\n");
}

TEST_F(PostgresWriter, ARowThatBreaksAConstraintIsShown) {
  sql("CREATE TABLE w (id int PRIMARY KEY)");
  EXPECT_EQ(write_error("SELECT range % 5000 AS id FROM range(6000)", {}).to_display(),
            "error: cannot write table 'w': duplicate key value violates unique constraint \"w_pkey\": Key (id)=(0) "
            "already exists (COPY w, line 5001) [SQLSTATE 23505]; row 5001 of the input is {'id': 0}\n"
            "  hint: the key is there already: write_mode: upsert updates such rows");
  EXPECT_EQ(all(), "");
  sql("ALTER TABLE w ADD CHECK (id < 10)");
  EXPECT_THAT(write_error("SELECT 11 AS id", {}).message,
              HasSubstr("violates check constraint \"w_id_check\": Failing row contains (11)"));
}

TEST_F(PostgresWriter, ALockThatSomebodyHoldsIsWaitedForAsLongAsAsked) {
  sql("CREATE TABLE w (id int)");
  std::thread holder([] { sql_if_it_can("BEGIN; LOCK TABLE w; SELECT pg_sleep(20)"); });
  while (sql("SELECT count(*) FROM pg_locks WHERE relation = 'w'::regclass AND mode = 'AccessExclusiveLock'") !=
         "1\n") {
  }
  const Error error = write_error("SELECT 1 AS id", {{"lock_timeout", 1}});
  EXPECT_EQ(error.code, ErrorCode::timeout);
  EXPECT_THAT(error.message, HasSubstr("canceling statement due to lock timeout"));
  EXPECT_EQ(error.hint, "somebody else holds a lock on the table: raise lock_timeout, or wait");
  sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND pid <> "
      "pg_backend_pid()");
  holder.join();
}

TEST_F(PostgresWriter, ManyRowsOfAllLengthsArrive) {
  sql("CREATE TABLE w (id int, s text, l int[])");
  EXPECT_EQ(write("SELECT range AS id, repeat('ž', range % 300) AS s, [range % 7, NULL] AS l FROM range(200000)", {}),
            200000U);
  EXPECT_EQ(
      sql("SELECT count(*), sum(id), sum(length(s)), sum(l[1]) FROM w WHERE length(s) = id % 300 AND l[2] IS NULL"),
      "200000\t19999900000\t29890000\t599994\n");
}

TEST_F(PostgresWriter, IdentityAndGeneratedColumnsAreLeftToTheServer) {
  sql("CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int, twice int GENERATED ALWAYS AS (v * 2) "
      "STORED)");
  EXPECT_EQ(write("SELECT 5 AS v", {}), 1U);
  EXPECT_EQ(write("SELECT 7 AS id, 6 AS v", {{"write_mode", "upsert"}, {"primary_key", "id"}}), 1U);
  EXPECT_EQ(all(), "1\t5\t10\n7\t6\t12\n");
}

TEST_F(PostgresWriter, TheTypesOfUsersAreWrittenToo) {
  sql("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN age AS int CHECK (VALUE < 150); CREATE TYPE pair AS (a "
      "int, b text);"
      "CREATE TABLE w (m mood, ms mood[], d age, p pair)");
  EXPECT_EQ(write("SELECT 'ok' AS m, ['sad', NULL] AS ms, 42 AS d, '(1,x)' AS p", {}), 1U);
  EXPECT_EQ(all(), "ok\t{sad,NULL}\t42\t(1,x)\n");
  EXPECT_THAT(write_error("SELECT 'angry' AS m, ['sad'] AS ms, 1 AS d, '(1,x)' AS p", {}).message,
              HasSubstr("invalid input value for enum mood: \"angry\""));
}

TEST_F(PostgresWriter, ADroppedConnectionIsTriedAgain) {
  sql("CREATE TABLE w (id int, v text)");
  std::thread killer([] {
    while (sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_progress_copy") == "0\n") {
    }
  });
  EXPECT_EQ(write("SELECT range AS id, repeat('x', 100) AS v FROM range(400000)", {}), 400000U);
  killer.join();
  EXPECT_EQ(sql("SELECT count(*), count(DISTINCT id) FROM w"), "400000\t400000\n");
}

}  // namespace
}  // namespace spillway::testing
