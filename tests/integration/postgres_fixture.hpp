#pragma once

#include <memory>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/database_server.hpp"
#include "support/driver_fixture.hpp"

namespace spillway::testing {

/// Runs the PostgreSQL drivers against a server that all cases of the program share. Each case has a schema of its
/// own.
class PostgresTest : public DriverTest {
 protected:
  static PostgresServer& server() {
    static PostgresServer server;
    return server;
  }

  PostgresTest() { sql("DROP SCHEMA IF EXISTS t CASCADE; CREATE SCHEMA t"); }

  /// By the server's own client, in the schema of this case.
  static std::string sql(const std::string& text) { return server().sql("SET search_path = t, public;\n" + text); }

  drivers::Json connection_fields() const override { return fields; }
  static drivers::Json socket_fields() {
    return {{"socket", server().socket_folder().string()}, {"port", server().port()},
            {"database", PostgresServer::k_database},      {"user", PostgresServer::k_user},
            {"password", PostgresServer::k_password},      {"schema", "t"}};
  }
  static drivers::Json tcp_fields() {
    drivers::Json fields = socket_fields();
    fields.erase("socket");
    fields["host"] = PostgresServer::k_host;
    return fields;
  }

  Rows read(const std::string& query, drivers::Json options = {}) {
    options["query"] = query;
    extract("postgres.extractor", std::move(options));
    return rows();
  }
  std::string read_error(drivers::Json config) {
    return error_of("postgres.extractor", std::move(config)).to_display();
  }

  drivers::Json fields = socket_fields();
};

}  // namespace spillway::testing
