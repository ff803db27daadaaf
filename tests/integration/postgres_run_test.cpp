#include <fmt/format.h>

#include "integration/postgres_fixture.hpp"
#include "integration/project.hpp"
#include "integration/sandbox_support.hpp"

namespace spillway::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The program itself, with a connections file, as a user runs it.
class PostgresRun : public PostgresTest {
 protected:
  PostgresRun() {
    project.write(
        "spillway_connections.yaml",
        fmt::format("connections:\n  postgres:\n    main:\n      host: 127.0.0.1\n      port: {}\n"
                    "      user: spillway\n      database: spillway\n      schema: t\n      sslmode: require\n"
                    "      password: ${{PG_PASSWORD}}\n",
                    server().port()));
    project.write_pipeline(
        {{"extract", "postgres.extractor", {{"query", "SELECT id, name FROM films WHERE id > $1"}, {"params", {1}}}},
         processor("stats", "SELECT id, upper(name) AS name FROM df ORDER BY id"),
         {"load", "postgres.writer", {{"table", "loud"}, {"create_if_missing", true}, {"write_mode", "replace"}}}});
    sql("CREATE TABLE films (id int, name text); INSERT INTO films VALUES (1, 'one'), (2, 'two'), (3, NULL)");
  }
  Project project;
  Project::Environment environment{{"PG_PASSWORD", PostgresServer::k_password}};
};

TEST_F(PostgresRun, APipelineGoesFromTheServerAndBackInMemoryAndSpilled) {
  for (const char* spill : {"0", "1"}) {
    environment["E2B_FORCE_SPILL"] = spill;
    const ProcessResult result = project.run(environment);
    expect_success(project, result);
    EXPECT_EQ(sql("SELECT * FROM loud ORDER BY id"), "2\tTWO\n3\t\n");
    const RunDir run = project.latest_run();
    EXPECT_EQ(run.card()["total_rows"], 2);
    EXPECT_EQ(run.events("write_complete").at(0)["rows_written"], 2);
  }
}

TEST_F(PostgresRun, ASandboxedWorkerReachesTheServerToo) {
  for (const char* place : {"process", "bwrap"}) {
    if (std::string_view(place) == "bwrap" && !no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    sql("DROP TABLE IF EXISTS loud");
    environment["SPILLWAY_SANDBOX"] = place;
    expect_success(project, project.run(environment));
    EXPECT_EQ(sql("SELECT * FROM loud ORDER BY id"), "2\tTWO\n3\t\n") << place;
  }
}

TEST_F(PostgresRun, APasswordIsInNoFileNorOutput) {
  const ProcessResult good = project.run(environment);
  environment["PG_PASSWORD"] = "hunter2-planted";
  const ProcessResult bad = project.run(environment);
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err, HasSubstr("password authentication failed"));
  for (const std::string& secret : {std::string(PostgresServer::k_password), std::string("hunter2-planted")}) {
    for (const ProcessResult* result : {&good, &bad}) {
      EXPECT_THAT(result->out + result->err, Not(HasSubstr(secret)));
    }
    for (const std::string& file : project.files("logs")) {
      EXPECT_THAT(read_text(project / ("logs/" + file)), Not(HasSubstr(secret))) << file;
    }
  }
}

TEST_F(PostgresRun, ManyRowsSpilledTakeLittleMemory) {
  if (program_is_sanitized()) GTEST_SKIP() << "a sanitizer keeps books of its own";
  project.write_pipeline({{"extract",
                           "postgres.extractor",
                           {{"query", "SELECT i, repeat('x', 100) AS s FROM generate_series(1, 2000000) i"}}}});
  environment["E2B_FORCE_SPILL"] = "1";
  const ProcessResult result = project.run(environment);
  expect_success(project, result);
  EXPECT_LT(result.peak_memory_bytes >> 20U, 300);
}

TEST_F(PostgresRun, MistakesInOptionsAreToldBeforeAnythingRuns) {
  project.write(
      "pipeline.yaml",
      "oml_version: \"0.1.0\"\nname: mistakes\nsteps:\n"
      "  - id: extract\n    component: postgres.extractor\n    config: {connection: \"@postgres.main\"}\n"
      "  - id: load\n    component: postgres.writer\n    config: {table: x, write_mode: upsrt, password: y}\n");
  const ProcessResult result = project.spillway({"validate", "pipeline.yaml"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err + result.out,
              HasSubstr("missing option 'query' of step 'extract': postgres.extractor needs it"));
  EXPECT_THAT(
      result.err + result.out,
      HasSubstr("invalid option 'write_mode' of step 'load': must be 'append', 'replace', 'truncate' or 'upsert'"));
  EXPECT_THAT(result.err + result.out, HasSubstr("did you mean 'upsert'?"));
}

TEST_F(PostgresRun, ADoctorSeesWhetherAConnectionWorks) {
  const ProcessResult good = project.spillway({"connections", "doctor", "@postgres.main"}, environment);
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_THAT(good.out, ::testing::MatchesRegex("@postgres.main  ok\n"
                                                "  connect  as spillway to database spillway\n"
                                                "  tls      TLSv1.3\n"
                                                "  version  PostgreSQL 15[^\n]*\n"
                                                "  latency  [0-9.]+ ms a round trip\n"
                                                "  rights   CONNECT, CREATE, TEMPORARY on database spillway as "
                                                "spillway\n"));
  environment["PG_PASSWORD"] = "hunter2-planted";
  const ProcessResult bad = project.spillway({"connections", "doctor", "--json"}, environment);
  EXPECT_EQ(bad.exit_code, 4);
  EXPECT_THAT(bad.out + bad.err, Not(HasSubstr("hunter2")));
  const Json connection = Json::parse(bad.out)["connections"][0];
  EXPECT_EQ(connection["ok"], false);
  EXPECT_THAT(connection["checks"][0]["error"].get<std::string>(), HasSubstr("password authentication failed"));
}

TEST_F(PostgresRun, DiscoverShowsTablesColumnsKeysAndRows) {
  sql("CREATE TABLE \"odd name\" (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), v numeric(5,2)[]);"
      "INSERT INTO \"odd name\" VALUES (1, '2024-01-01', '{1.5}'), (2, '2024-01-02', NULL);"
      "ANALYZE \"odd name\"; CREATE VIEW seen AS SELECT 1 AS one");
  const ProcessResult all = project.spillway({"discover", "@postgres.main"}, environment);
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr("t.odd name  table, 3 columns, about 2 rows\nt.seen  view, 1 columns\n"));
  const ProcessResult one =
      project.spillway({"discover", "@postgres.main", "--table", "\"odd name\"", "--sample", "1"}, environment);
  EXPECT_EQ(one.out,
            "t.odd name  table, 3 columns, about 2 rows\n  id  integer NOT NULL, primary key\n"
            "  at  timestamp with time zone NOT NULL\n  v  numeric(5,2)[]\n"
            "row 1\n  id: 1\n  at: 2024-01-01 00:00:00+00\n  v: {1.50}\n");
  const ProcessResult json = project.spillway(
      {"discover", "@postgres.main", "--table", "t.odd name", "--sample", "2", "--json"}, environment);
  EXPECT_EQ(Json::parse(json.out)["tables"][0]["columns"][0],
            Json::parse(R"({"name": "id", "type": "integer", "nullable": false, "primary_key": true})"));
  EXPECT_EQ(Json::parse(json.out)["sample"][1]["v"], nullptr);
  const ProcessResult missing = project.spillway({"discover", "@postgres.main", "--table", "none"}, environment);
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("error: there is no table 'none' in '@postgres.main'\n"
                                     "  hint: spillway discover @postgres.main lists them"));
}

}  // namespace
}  // namespace spillway::testing
