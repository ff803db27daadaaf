#pragma once

#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/database_server.hpp"
#include "support/driver_fixture.hpp"

namespace spillway::testing {

/// Runs the MySQL drivers against a MariaDB server that all cases of the program share. Each case has a database of
/// its own.
class MysqlTest : public DriverTest {
 protected:
  static MariadbServer& server() {
    static MariadbServer server({"performance-schema=ON"});
    return server;
  }

  MysqlTest() { server().sql("DROP DATABASE IF EXISTS t; CREATE DATABASE t"); }

  /// By the server's own client, in the database of this case.
  static std::string sql(const std::string& text) { return server().sql(text, "t"); }

  drivers::Json connection_fields() const override { return fields; }
  static drivers::Json socket_fields() {
    return {{"socket", server().socket().string()},
            {"database", "t"},
            {"user", MariadbServer::k_user},
            {"password", MariadbServer::k_password}};
  }
  static drivers::Json tcp_fields() {
    drivers::Json fields = socket_fields();
    fields.erase("socket");
    fields["host"] = MariadbServer::k_host;
    fields["port"] = server().port();
    return fields;
  }

  Rows read(const std::string& query, drivers::Json options = {}) {
    options["query"] = query;
    extract("mysql.extractor", std::move(options));
    return rows();
  }
  std::string read_error(drivers::Json config) { return error_of("mysql.extractor", std::move(config)).to_display(); }

  drivers::Json fields = socket_fields();
};

}  // namespace spillway::testing
