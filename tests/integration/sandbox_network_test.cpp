#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"
#include "sandbox_support.hpp"
#include "support/database_server.hpp"

/// A sandboxed pipeline with a connection: it reaches its server as a local one does, and nothing else.
namespace spillway::testing {
namespace {

using ::testing::HasSubstr;

class SandboxNetwork : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    m_project.write("pipeline.yaml", R"oml(oml_version: "0.1.0"
name: numbers
steps:
  - {id: read, component: postgres.extractor, config: {connection: "@postgres.main", query: "SELECT 1 AS one, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    }
    }
  - {id: write, component: filesystem.csv_writer, config: {path: out/numbers.csv}}
)oml");
  }
  static PostgresServer& server() {
    static PostgresServer server;
    return server;
  }
  void write_connection(const std::string& fields) {
    m_project.write(
        "spillway_connections.yaml",
        "connections:\n  postgres:\n    main: {database: spillway, user: spillway, password: '${PASSWORD}', " +
            fields + "}\n");
  }
  ProcessResult run(const std::string& sandbox) {
    return m_project.spillway({"run", sandbox, "pipeline.yaml"}, {{"PASSWORD", DatabaseServer::k_password}});
  }
  std::string port() const { return std::to_string(server().port()); }

  Project m_project;
};

TEST_F(SandboxNetwork, ReachesItsServerByTcpWithTls) {
  write_connection("host: localhost, port: " + port() +
                   ", sslmode: verify-full, sslrootcert: " + server().ca_file().string());
  expect_success(m_project, run("--sandbox"));
  EXPECT_EQ(read_text(m_project / "out/numbers.csv"), "one,ssl\n1,true\n");
  const Json resolved = m_project.latest_run().events("connection_resolve_complete").front();
  EXPECT_EQ(resolved["step_id"], "read");
  EXPECT_EQ(resolved["family"], "postgres");
  EXPECT_EQ(resolved["alias"], "main");
}

TEST_F(SandboxNetwork, ReachesItsServerBySocket) {
  write_connection("socket: " + server().socket_folder().string() + ", port: " + port());
  expect_success(m_project, run("--sandbox"));
  EXPECT_EQ(read_text(m_project / "out/numbers.csv"), "one,ssl\n1,false\n");
}

TEST_F(SandboxNetwork, ReachesMariadb) {
  const MariadbServer mariadb;
  m_project.write("pipeline.yaml", R"oml(oml_version: "0.1.0"
name: numbers
steps:
  - {id: read, component: mysql.extractor, config: {connection: "@mysql.main", query: "SELECT 1 AS one"}}
  - {id: write, component: filesystem.csv_writer, config: {path: out/numbers.csv}}
)oml");
  for (const std::string& where : {"host: localhost, sslmode: require, port: " + std::to_string(mariadb.port()),
                                   "socket: " + mariadb.socket().string()}) {
    m_project.write(
        "spillway_connections.yaml",
        "connections:\n  mysql:\n    main: {database: spillway, user: spillway, password: '${PASSWORD}', " + where +
            "}\n");
    expect_success(m_project, run("--sandbox"));
    EXPECT_EQ(read_text(m_project / "out/numbers.csv"), "one\n1\n") << where;
  }
}

TEST_F(SandboxNetwork, WhatGoesWrongIsToldAsOutsideOfIt) {
  for (const std::string fields : {"host: 127.0.0.1, port: 1", "host: no.such.name.invalid", "socket: /no/such"}) {
    write_connection(fields);
    const ProcessResult local = run("--sandbox=local");
    const Json error = m_project.latest_run().card_step("read")["error"];
    const ProcessResult sandboxed = run("--sandbox");
    EXPECT_EQ(local.exit_code, 1) << local.err;
    EXPECT_EQ(sandboxed.exit_code, 1) << sandboxed.err;
    EXPECT_EQ(m_project.latest_run().card_step("read")["error"], error);
  }
}

}  // namespace
}  // namespace spillway::testing
