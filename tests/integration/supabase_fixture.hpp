#pragma once

#include <optional>
#include <string>
#include <vector>

#include "integration/postgres_fixture.hpp"
#include "support/rest_server.hpp"

namespace spillway::testing {

/// The Supabase drivers against a PostgREST of the test's own, in front of the server that all cases share; `fields`
/// are the connection's, over REST unless a case says otherwise.
class SupabaseTest : public PostgresTest {
 protected:
  SupabaseTest() { fields = rest_fields(); }

  RestServer& rest() {
    if (!m_rest) m_rest.emplace(server());
    return *m_rest;
  }
  drivers::Json rest_fields() {
    return {{"url", rest().url()}, {"service_role_key", RestServer::k_key}, {"schema", "t"}};
  }
  static drivers::Json dsn_fields() { return {{"pg_dsn", server().dsn()}, {"schema", "t"}}; }

  Rows read_table(const std::string& table, drivers::Json options = {}) {
    options["table"] = table;
    extract("supabase.extractor", std::move(options));
    return rows();
  }
  std::string table_error(const std::string& table, drivers::Json options = {}) {
    options["table"] = table;
    return error_of("supabase.extractor", std::move(options)).to_display();
  }
  std::uint64_t write(const std::string& select, drivers::Json config) {
    make_frame(select);
    config.emplace("table", "w");
    return run("supabase.writer", std::move(config), {{"df", "frame"}}).rows_written;
  }
  Error write_error(const std::string& select, drivers::Json config) {
    make_frame(select);
    config.emplace("table", "w");
    return error_of("supabase.writer", std::move(config), {{"df", "frame"}});
  }
  static std::string all() { return sql("SELECT * FROM w ORDER BY 1"); }

 private:
  std::optional<RestServer> m_rest;
};

}  // namespace spillway::testing
