#include <fmt/format.h>

#include "integration/postgres_fixture.hpp"
#include "integration/project.hpp"

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
  EXPECT_LT(result.peak_rss_kb, 300 * 1024);
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

}  // namespace
}  // namespace spillway::testing
