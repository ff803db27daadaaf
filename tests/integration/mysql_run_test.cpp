#include <fmt/format.h>

#include "integration/mysql_fixture.hpp"
#include "integration/project.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::HasSubstr;
using ::testing::Not;

/// The program itself, with a connections file, as a user runs it.
class MysqlRun : public MysqlTest {
 protected:
  MysqlRun() {
    project.write("spillway_connections.yaml",
                  fmt::format("connections:\n  mysql:\n    main:\n      host: 127.0.0.1\n      port: {}\n"
                              "      user: spillway\n      database: t\n      sslmode: require\n"
                              "      password: ${{DB_PASSWORD}}\n",
                              server().port()));
    sql("CREATE TABLE movies (id int PRIMARY KEY, title varchar(40), year year, rating decimal(3,1));"
        "INSERT INTO movies SELECT seq, CONCAT('movie ', seq), 2000 + seq % 3, IF(seq = 7, NULL, seq % 10) FROM "
        "seq_1_to_14");
  }
  static Step extract_movies() {
    return {"extract-movies", "mysql.extractor", {{"table", "movies"}, {"order", {"id"}}}};
  }
  static Step compute_stats() {
    return processor("compute-stats",
                     "SELECT year, count(*) AS movies, avg(rating) AS rating FROM df GROUP BY year ORDER BY year");
  }

  Project project;
  Project::Environment environment{{"DB_PASSWORD", MariadbServer::k_password}};
};

TEST_F(MysqlRun, APipelineGoesBackToTheServerInMemoryAndSpilled) {
  project.write_pipeline(
      {extract_movies(),
       compute_stats(),
       {"load", "mysql.writer", {{"table", "stats"}, {"create_if_missing", true}, {"write_mode", "replace"}}}});
  for (const char* spill : {"0", "1"}) {
    environment["E2B_FORCE_SPILL"] = spill;
    expect_success(project, project.run(environment));
    EXPECT_EQ(sql("SELECT year, movies, ROUND(rating, 2) FROM stats ORDER BY year"),
              sql("SELECT year, COUNT(*), ROUND(AVG(rating), 2) FROM movies GROUP BY year ORDER BY year"));
    const RunDir run = project.latest_run();
    EXPECT_EQ(run.card()["total_rows"], 3);
    EXPECT_EQ(run.events("write_complete").at(0)["rows_written"], 3);
  }
}

TEST_F(MysqlRun, APasswordIsInNoFileNorOutput) {
  project.write_pipeline({extract_movies()});
  const ProcessResult good = project.run(environment);
  environment["DB_PASSWORD"] = "hunter2-planted";
  const ProcessResult bad = project.run(environment);
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err, HasSubstr("Access denied for user"));
  for (const std::string& secret : {std::string(MariadbServer::k_password), std::string("hunter2-planted")}) {
    for (const ProcessResult* result : {&good, &bad}) {
      EXPECT_THAT(result->out + result->err, Not(HasSubstr(secret)));
    }
    for (const std::string& file : project.files("logs")) {
      EXPECT_THAT(read_text(project / ("logs/" + file)), Not(HasSubstr(secret))) << file;
    }
  }
}

TEST_F(MysqlRun, ManyRowsSpilledTakeLittleMemory) {
  if (program_is_sanitized()) GTEST_SKIP() << "a sanitizer keeps books of its own";
  project.write_pipeline(
      {{"extract", "mysql.extractor", {{"query", "SELECT seq, REPEAT('x', 100) AS s FROM seq_1_to_2000000"}}},
       {"load", "mysql.writer", {{"table", "many"}, {"create_if_missing", true}}}});
  environment["E2B_FORCE_SPILL"] = "1";
  const ProcessResult result = project.run(environment);
  expect_success(project, result);
  EXPECT_LT(result.peak_memory_bytes >> 20U, 300);
  EXPECT_EQ(sql("SELECT COUNT(*), SUM(seq) FROM many"), "2000000\t2000001000000\n");
}

TEST_F(MysqlRun, ADoctorSeesWhetherAConnectionWorks) {
  const ProcessResult good = project.spillway({"connections", "doctor", "@mysql.main"}, environment);
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_THAT(good.out, ::testing::MatchesRegex("@mysql.main  ok\n"
                                                "  connect  as spillway@% to database t\n"
                                                "  tls      TLSv1.3\n"
                                                "  version  MariaDB 10.11.[0-9]+\n"
                                                "  latency  [0-9.]+ ms a round trip\n"
                                                "  rights   ALL PRIVILEGES ON \\*\\.\\*\n"));
  environment["DB_PASSWORD"] = "hunter2-planted";
  const ProcessResult bad = project.spillway({"connections", "doctor", "@mysql.main", "--json"}, environment);
  EXPECT_EQ(bad.exit_code, 4);
  EXPECT_THAT(bad.out + bad.err, Not(HasSubstr("hunter2")));
  const Json connection = Json::parse(bad.out)["connections"][0];
  EXPECT_EQ(connection["ok"], false);
  EXPECT_THAT(connection["checks"][0]["error"].get<std::string>(), HasSubstr("Access denied for user"));
}

TEST_F(MysqlRun, ADoctorShowsTheRightsOfAUserButNoHash) {
  server().sql("CREATE OR REPLACE USER reader@'%' IDENTIFIED BY 'reads'; GRANT SELECT ON t.movies TO reader@'%'");
  project.write("spillway_connections.yaml",
                fmt::format("connections:\n  mysql:\n    main: {{socket: {}, user: reader, password: reads}}\n",
                            server().socket().string()));
  const ProcessResult result = project.spillway({"connections", "doctor"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("  connect  as reader@% to no database\n  tls      none\n"));
  EXPECT_THAT(result.out, HasSubstr("  rights   USAGE ON *.*; SELECT ON `t`.`movies`\n"));
}

TEST_F(MysqlRun, DiscoverShowsTablesColumnsKeysAndRows) {
  sql("CREATE TABLE `odd name` (id int PRIMARY KEY, at timestamp(6) NOT NULL DEFAULT '2024-01-01', b varbinary(4), "
      "bits bit(9), n decimal(5,2) unsigned);"
      "INSERT INTO `odd name` VALUES (1, '2024-01-01', x'00ff', 257, 1.5), (2, '2024-01-02', NULL, NULL, NULL);"
      "ANALYZE TABLE `odd name`; CREATE VIEW seen AS SELECT 1 AS one; CREATE SEQUENCE counted");
  const ProcessResult all = project.spillway({"discover", "@mysql.main"}, environment);
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_EQ(all.out.find("counted"), std::string::npos);
  EXPECT_THAT(all.out, HasSubstr("t.odd name  table, 5 columns, about 2 rows\nt.seen  view, 1 columns\n"));
  EXPECT_THAT(all.out, Not(HasSubstr("mysql.user")));
  const ProcessResult one =
      project.spillway({"discover", "@mysql.main", "--table", "`odd name`", "--sample", "1"}, environment);
  EXPECT_EQ(one.out,
            "t.odd name  table, 5 columns, about 2 rows\n  id  int(11) NOT NULL, primary key\n"
            "  at  timestamp(6) NOT NULL\n  b  varbinary(4)\n  bits  bit(9)\n  n  decimal(5,2) unsigned\n"
            "row 1\n  id: 1\n  at: 2024-01-01 00:00:00.000000\n  b: 0x00FF\n  bits: 257\n  n: 1.50\n");
  const ProcessResult json =
      project.spillway({"discover", "@mysql.main", "--table", "t.odd name", "--sample", "2", "--json"}, environment);
  EXPECT_EQ(Json::parse(json.out)["tables"][0]["columns"][0],
            Json::parse(R"json({"name": "id", "type": "int(11)", "nullable": false, "primary_key": true})json"));
  EXPECT_EQ(Json::parse(json.out)["sample"][1]["b"], nullptr);
  const ProcessResult missing = project.spillway({"discover", "@mysql.main", "--table", "none"}, environment);
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("error: there is no table 'none' in '@mysql.main'\n"
                                     "  hint: spillway discover @mysql.main lists them"));
}

}  // namespace
}  // namespace spillway::testing
