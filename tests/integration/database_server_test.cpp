#include "support/database_server.hpp"

#include <signal.h>

#include <gtest/gtest.h>

namespace spillway::testing {
namespace {

namespace fs = std::filesystem;

TEST(PostgresServer, ServesItsUserAndIsGoneAfterwards) {
  fs::path folder;
  {
    PostgresServer server;
    folder = server.folder();
    EXPECT_EQ(server.sql("SELECT current_user, 1 + 1"), "spillway\t2\n");
    EXPECT_EQ(server.sql("SHOW ssl"), "on\n");
    server.sql("CREATE TABLE t AS SELECT 1 AS a");
    server.crash();
    EXPECT_THROW(server.sql("SELECT 1"), std::runtime_error);
    server.restart();
    EXPECT_EQ(server.sql("SELECT count(*) FROM pg_stat_activity WHERE pid = pg_backend_pid()"), "1\n");
  }
  EXPECT_FALSE(fs::exists(folder));
}

TEST(Pooler, ServesItsUserFromAFewConnectionsAndIsGoneAfterwards) {
  const PostgresServer server;
  fs::path folder;
  {
    Pooler pooler(server, Pooler::Mode::transaction, {"default_pool_size = 1"});
    folder = pooler.folder();
    const std::string process = pooler.sql("SELECT current_user, pg_backend_pid()");
    EXPECT_EQ(process.substr(0, 9), "spillway\t");
    EXPECT_EQ(pooler.sql("SELECT current_user, pg_backend_pid()"), process);
    pooler.crash();
    EXPECT_THROW(pooler.sql("SELECT 1"), std::runtime_error);
    pooler.restart();
    EXPECT_EQ(pooler.sql("SELECT 1"), "1\n");
  }
  EXPECT_FALSE(fs::exists(folder));
}

TEST(MariadbServer, ServesItsUserAndIsGoneAfterwards) {
  fs::path folder;
  {
    MariadbServer server;
    folder = server.folder();
    EXPECT_EQ(server.sql("SELECT substring_index(current_user(), '@', 1), 1 + 1"), "spillway\t2\n");
    EXPECT_EQ(server.sql("SELECT @@have_ssl"), "YES\n");
    server.crash();
    EXPECT_THROW(server.sql("SELECT 1"), std::runtime_error);
    server.restart();
    EXPECT_EQ(server.sql("SELECT 1"), "1\n");
    try {
      server.sql("SELECT nothing");
      ADD_FAILURE() << "the client did not fail";
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("Unknown column 'nothing'"), std::string::npos) << error.what();
    }
  }
  EXPECT_FALSE(fs::exists(folder));
}

}  // namespace
}  // namespace spillway::testing
