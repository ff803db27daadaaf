#include <filesystem>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "durable_databases.hpp"
#include "support/long_form.hpp"

namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using drivers::Json;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// What can go wrong on a server, by every family of drivers.
class ServerFault : public DurableDatabaseTest {
 protected:
  Error read_error(const Json& config) { return error_of(db().extractor(), config); }
  Error write_error(const Json& config) { return error_of(db().writer(), config, {{"df", "frame"}}); }
  static std::string count_of(const std::string& table) { return db().sql("SELECT COUNT(*) FROM " + table); }
};

TEST_P(ServerFault, AWriterThatGivesWayInADeadlockTriesAgain) {
  db().sql("CREATE TABLE w (i int, s varchar(9)); CREATE TABLE other (n int); INSERT INTO other VALUES (0)");
  db().add_trigger("w", "other");
  make_frame("SELECT i::INTEGER AS i, 'x' AS s FROM range(100) AS r(i)");
  std::thread other([] { db().run_into_a_deadlock("w", "other"); });
  while (!db().is_held_back("other")) {
  }
  EXPECT_EQ(run(db().writer(), {{"table", "w"}}, {{"df", "frame"}}).rows_written, 100U);
  other.join();
  EXPECT_EQ(count_of("w"), "100\n");
  EXPECT_THAT(db().server().log(), HasSubstr("deadlock detected"));
}

TEST_P(ServerFault, AConnectionThatIsLostAmongTheRowsEndsTheStep) {
  std::thread other([] { db().end_connection_that_reads(); });
  const Error error = read_error({{"query", db().stalling_query()}});
  other.join();
  EXPECT_EQ(error.code, ErrorCode::connection) << error.to_display();
  EXPECT_THAT(error.message, StartsWith("cannot read the query: "));
  EXPECT_EQ(error.hint, "run it again when the server is back");
}

TEST_P(ServerFault, AKeyThatIsThereTwiceIsShownWithItsRowHoweverDeep) {
  db().sql("CREATE TABLE w (id int PRIMARY KEY, s varchar(20))");
  const int number = is_long_form() ? 5'000'000 : 300'000;
  make_frame(fmt::format(
      "SELECT CAST(CASE i WHEN {0} THEN 7 ELSE i END AS INTEGER) AS id, 'row ' || i AS s FROM range({0} + 9) AS r(i)",
      number - 1));
  const Error error = write_error({{"table", "w"}});
  EXPECT_EQ(error.code, ErrorCode::bad_data);
  EXPECT_THAT(error.message,
              HasSubstr(fmt::format("; row {} of the input is {{'id': 7, 's': row {}}}", number, number - 1)));
  EXPECT_EQ(error.hint, "the key is there already: write_mode: upsert updates such rows");
  EXPECT_EQ(count_of("w"), "0\n");
}

TEST_P(ServerFault, AFullDiskOfTheServerLeavesTheTableAsItWas) {
  const auto disk = small_disk_of_databases();
  if (!disk) GTEST_SKIP() << "only root can mount a small disk";
  const fs::path folder = *disk / GetParam();
  fs::create_directory(folder);
  DatabaseServer::give_to_server_user(folder);
  db().create_table_on(folder, "w", "id int, s text");
  db().sql("INSERT INTO w VALUES (1, 'before')");
  make_frame("SELECT i::INTEGER AS id, repeat('x', 1000) AS s FROM range(30000) AS r(i)");
  const Error error = write_error({{"table", "w"}});
  EXPECT_EQ(error.code, ErrorCode::disk_full) << error.to_display();
  EXPECT_THAT(error.message, StartsWith("cannot write table 'w': "));
  EXPECT_THAT(error.hint, AnyOf("the server's disk is full", "Check free disk space."));
  EXPECT_EQ(count_of("w"), "1\n");
  db().sql("DROP TABLE w");
}

TEST_P(ServerFault, ACertificateThatHasExpiredIsRefused) {
  fields = db().tcp_fields();
  fields["sslmode"] = "verify-full";
  fields["sslrootcert"] = db().server().ca_file().string();
  const auto restart_with_certificate_for = [](int days) {
    db().server().sign_certificate(days);
    db().server().crash();
    db().server().restart();
  };
  restart_with_certificate_for(-1);
  const Error error = read_error({{"query", "SELECT 1"}});
  restart_with_certificate_for(2);
  EXPECT_EQ(error.code, ErrorCode::connection);
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, AnyOf(HasSubstr("certificate verify failed"), HasSubstr("certificate has expired")));
  EXPECT_THAT(error.hint, HasSubstr("has expired"));
  extract(db().extractor(), {{"query", "SELECT 1"}});
  EXPECT_EQ(rows(), (Rows{{"1"}}));
}

TEST_P(ServerFault, AMissingRightIsToldWithWhatToDo) {
  db().sql("CREATE TABLE w (id int); CREATE TABLE hidden (id int)");
  db().make_user("reader", "reads", {"SELECT ON w"});
  fields["user"] = "reader";
  fields["password"] = "reads";
  make_frame("SELECT 1 AS id");
  for (const Error& error : {read_error({{"table", "hidden"}}), write_error({{"table", "w"}})}) {
    EXPECT_EQ(error.code, ErrorCode::sql);
    EXPECT_THAT(error.message, AnyOf(HasSubstr("permission denied for table"), HasSubstr("command denied to user")));
    EXPECT_THAT(error.message,
                AnyOf(StartsWith("cannot read table 'hidden': "), StartsWith("cannot write table 'w': ")));
    EXPECT_EQ(error.hint, "grant the connection's user the right, or use another user");
  }
  EXPECT_EQ(count_of("w"), "0\n");
}

TEST_P(ServerFault, Ipv6IsOneWayToTheServer) {
  if (!DatabaseServer::has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
  fields = db().tcp_fields();
  fields["host"] = DatabaseServer::k_ipv6_host;
  fields["sslmode"] = "verify-full";
  fields["sslrootcert"] = db().server().ca_file().string();
  extract(db().extractor(), {{"query", "SELECT 1"}});
  EXPECT_EQ(rows(), (Rows{{"1"}}));
}

INSTANTIATE_TEST_SUITE_P(Families, ServerFault, ::testing::Values("postgres", "mysql"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace spillway::testing
