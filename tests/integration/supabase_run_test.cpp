#include <fmt/format.h>

#include "integration/project.hpp"
#include "integration/sandbox_support.hpp"
#include "integration/supabase_fixture.hpp"

namespace spillway::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

/// The program itself, with a connections file, as a user runs it.
class SupabaseRun : public SupabaseTest {
 protected:
  SupabaseRun() {
    write_connection(fmt::format("url: '{}', sslrootcert: '{}', service_role_key: '${{SUPABASE_KEY}}'", url,
                                 server().ca_file().string()));
    project.write_pipeline(
        {{"extract", "supabase.extractor", {{"table", "films"}, {"filter", "id > 1"}}},
         processor("stats", "SELECT id, upper(name) AS name FROM df ORDER BY id"),
         {"load", "supabase.writer", {{"table", "loud"}, {"write_mode", "upsert"}, {"primary_key", "id"}}}});
    sql("CREATE TABLE films (id int PRIMARY KEY, name text); INSERT INTO films VALUES (1, 'one'), (2, 'two'), (3, "
        "NULL);"
        "CREATE TABLE loud (id int PRIMARY KEY, name text)");
  }
  void write_connection(const std::string& connection) {
    project.write("spillway_connections.yaml",
                  "connections:\n  supabase:\n    main: {schema: t, " + connection + "}\n");
  }
  void expect_loud(const ProcessResult& result) {
    expect_success(project, result);
    EXPECT_EQ(sql("SELECT * FROM loud ORDER BY id"), "2\tTWO\n3\t\n");
    sql("TRUNCATE loud");
  }

  Project project;
  RestServer https{server(), RestServer::Tls::on};
  /// By name, which a sandbox has to look up.
  std::string url = fmt::format("https://localhost:{}", https.port());
  Project::Environment environment{{"SUPABASE_KEY", RestServer::k_key},
                                   {"SUPABASE_DSN", dsn_fields()["pg_dsn"].get<std::string>()}};
};

TEST_F(SupabaseRun, APipelineGoesOverRestInMemoryAndSpilled) {
  for (const char* spill : {"0", "1"}) {
    environment["E2B_FORCE_SPILL"] = spill;
    expect_loud(project.run(environment));
    EXPECT_EQ(project.latest_run().card()["total_rows"], 2);
    EXPECT_EQ(project.latest_run().events("write_complete").at(0)["format"], "rest");
  }
}

TEST_F(SupabaseRun, APipelineGoesOverPostgres) {
  write_connection("pg_dsn: '${SUPABASE_DSN}'");
  expect_loud(project.run(environment));
  EXPECT_EQ(project.latest_run().events("write_complete").at(0)["format"], "postgres");
  EXPECT_TRUE(https.take_log().empty());
}

TEST_F(SupabaseRun, ASandboxedWorkerReachesBothChannels) {
  for (const char* place : {"process", "bwrap"}) {
    if (std::string_view(place) == "bwrap" && !no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    environment["SPILLWAY_SANDBOX"] = place;
    expect_loud(project.run(environment));
  }
  write_connection("pg_dsn: '${SUPABASE_DSN}'");
  expect_loud(project.run(environment));
}

TEST_F(SupabaseRun, AKeyIsInNoFileNorOutput) {
  const ProcessResult good = project.run(environment);
  EXPECT_EQ(good.exit_code, 0) << good.err;
  environment["SUPABASE_KEY"] = "hunter2-planted";
  const ProcessResult bad = project.run(environment);
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err, HasSubstr("No suitable key"));
  write_connection(
      fmt::format("url: '{}', sslrootcert: '{}', key: hunter2-planted", url, server().ca_file().string()));
  const ProcessResult written_out = project.run(environment);
  const ProcessResult list = project.spillway({"connections", "list"});
  EXPECT_THAT(list.out, HasSubstr("key: ***"));
  for (const std::string& secret : {std::string(RestServer::k_key), std::string("hunter2-planted")}) {
    for (const ProcessResult* result : {&good, &bad, &written_out, &list}) {
      EXPECT_THAT(result->out + result->err, Not(HasSubstr(secret)));
    }
    for (const std::string& file : project.files("logs")) {
      EXPECT_THAT(read_text(project / ("logs/" + file)), Not(HasSubstr(secret))) << file;
    }
  }
}

TEST_F(SupabaseRun, ADoctorSeesWhetherAConnectionWorks) {
  const ProcessResult good = project.spillway({"connections", "doctor"}, environment);
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_THAT(good.out, MatchesRegex(fmt::format("@supabase.main  ok\n"
                                                 "  connect  to {}/rest/v1, which took the key\n"
                                                 "  tls      verified\n"
                                                 "  tables   REST shows 2\n"
                                                 "  latency  [0-9.]+ ms a round trip\n",
                                                 url)));
  environment["SUPABASE_KEY"] = "hunter2-planted";
  const ProcessResult bad = project.spillway({"connections", "doctor"}, environment);
  EXPECT_EQ(bad.exit_code, 4);
  EXPECT_EQ(bad.out,
            "@supabase.main  failed\n"
            "  connect  No suitable key or wrong key type [HTTP 401, PGRST301]\n"
            "           hint: check the connection's key: it is of another project, or has expired\n");
  write_connection("pg_dsn: '${SUPABASE_DSN}'");
  EXPECT_THAT(project.spillway({"connections", "doctor"}, environment).out, HasSubstr("version  PostgreSQL 15"));
}

TEST_F(SupabaseRun, DiscoverShowsTablesColumnsKeysAndRows) {
  const ProcessResult all = project.spillway({"discover", "@supabase.main"}, environment);
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_EQ(all.out, "t.films  table or view, 2 columns\nt.loud  table or view, 2 columns\n");
  const ProcessResult one =
      project.spillway({"discover", "@supabase.main", "--table", "films", "--sample", "2"}, environment);
  EXPECT_EQ(one.out,
            "t.films  table or view, 2 columns\n  id  integer NOT NULL, primary key\n  name  text\n"
            "row 1\n  id: 1\n  name: one\nrow 2\n  id: 2\n  name: two\n");
  write_connection("pg_dsn: '${SUPABASE_DSN}'");
  EXPECT_THAT(project.spillway({"discover", "@supabase.main"}, environment).out,
              HasSubstr("t.films  table, 2 columns"));
}

TEST_F(SupabaseRun, MistakesInOptionsAreToldBeforeAnythingRuns) {
  project.write("pipeline.yaml",
                "oml_version: \"0.1.0\"\nname: mistakes\nsteps:\n"
                "  - id: extract\n    component: supabase.extractor\n    config: {chanel: rest, table: x}\n"
                "  - id: load\n    component: supabase.writer\n    config: {table: x, channel: rst, key: y}\n");
  const ProcessResult result = project.spillway({"validate", "pipeline.yaml"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err + result.out, HasSubstr("did you mean 'channel'?"));
  EXPECT_THAT(result.err + result.out,
              HasSubstr("invalid option 'channel' of step 'load': must be 'auto', 'postgres' or 'rest'"));
}

}  // namespace
}  // namespace spillway::testing
