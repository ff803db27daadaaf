#include "engine/database.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/library.hpp"
#include "engine/sql.hpp"
#include "support/temp_dir.hpp"
#include "util/error.hpp"

namespace spillway::engine {
namespace {

ErrorCode code_of(Connection& connection, const std::string& sql) {
  try {
    connection.execute(sql);
  } catch (const Exception& exception) {
    return exception.error().code;
  }
  return ErrorCode::internal;
}

class LockedDatabaseTest : public ::testing::Test {
 protected:
  LockedDatabaseTest() {
    std::ofstream(m_dir / "named.csv") << "a\n1\n";
    std::ofstream(m_dir / "other.csv") << "a\n2\n";
    std::filesystem::create_directories(m_dir / "artifacts");
  }
  std::string at(std::string_view name) const { return quote_literal((m_dir / name).string()); }

  testing::TempDir m_dir;
  Database m_database{
      DatabaseOptions{.access = AccessList{{m_dir / "artifacts"}, {m_dir / "named.csv", m_dir / "out.csv"}}}};
  Connection m_connection = m_database.connect();
};

TEST_F(LockedDatabaseTest, NamedFilesAndFoldersAreOpen) {
  EXPECT_EQ(m_connection.count("SELECT a FROM read_csv(" + at("named.csv") + ")"), 1U);
  EXPECT_EQ(m_connection.execute("COPY (SELECT 1) TO " + at("out.csv")), 1U);
  EXPECT_EQ(m_connection.execute("COPY (SELECT 1) TO " + at("artifacts/x.parquet")), 1U);
}

TEST_F(LockedDatabaseTest, EverythingElseIsRefused) {
  const std::vector<std::string> statements = {"SELECT * FROM read_text('/etc/passwd')",
                                               "SELECT * FROM read_blob('/home/someone/.ssh/id_rsa')",
                                               "SELECT * FROM glob('/etc/*')",
                                               "SELECT * FROM read_csv('/proc/self/environ')",
                                               "SELECT * FROM " + at("other.csv"),
                                               "SELECT * FROM read_csv(" + at("artifacts/../other.csv") + ")",
                                               "SELECT * FROM read_csv(" + at("*.csv") + ")",
                                               "COPY (SELECT 1) TO " + at("elsewhere.csv"),
                                               "COPY (SELECT 1) TO " + at("artifacts/../elsewhere.csv"),
                                               "ATTACH " + at("x.db"),
                                               "SELECT * FROM 'http://127.0.0.1:1/x.csv'",

                                               "INSTALL httpfs",
                                               "LOAD httpfs",
                                               "EXPORT DATABASE " + at("export")};
  for (const std::string& sql : statements) {
    EXPECT_EQ(code_of(m_connection, sql), ErrorCode::access_denied) << sql;
  }
}

TEST_F(LockedDatabaseTest, TheConfigurationIsFrozen) {
  for (const char* sql :
       {"SET enable_external_access = true", "SET allowed_paths = ['/etc/passwd']", "SET lock_configuration = false",
        "SET memory_limit = '100GB'", "RESET allowed_directories"}) {
    EXPECT_THROW(m_connection.execute(sql), Exception) << sql;
  }
}

TEST_F(LockedDatabaseTest, WhatExceedsTheMemoryLimitGoesToTheTemporaryFolder) {
  DatabaseOptions options;
  options.memory_limit_bytes = std::uint64_t{64} << 20;
  options.temp_directory = m_dir / "tmp";
  options.access = AccessList{};
  Database database(options);
  Connection connection = database.connect();
  EXPECT_EQ(connection.execute("CREATE TABLE t AS SELECT range AS a, uuid() AS b FROM range(10000000)"), 10000000U);
}

TEST(Database, AFileThatWasWrittenAgainIsReadAnew) {
  namespace fs = std::filesystem;
  const testing::TempDir dir;
  Database database({});
  Connection connection = database.connect();
  const auto name = [&](std::uint64_t value) { return dir / fmt::format("{}.parquet", value); };
  for (const std::uint64_t value : {0U, 1U}) {
    connection.execute(fmt::format("COPY (SELECT {} AS v FROM range(1000)) TO {} (FORMAT parquet)", value,
                                   quote_literal(name(value).string())));
  }
  ASSERT_EQ(fs::file_size(name(0)), fs::file_size(name(1)));
  for (std::uint64_t i = 0; i < 20; ++i) {
    fs::copy_file(name(i % 2), dir / "rows.parquet", fs::copy_options::overwrite_existing);
    EXPECT_EQ(
        connection.count("SELECT max(v) FROM read_parquet(" + quote_literal((dir / "rows.parquet").string()) + ")"),
        i % 2);
  }
}

TEST(Database, ResultsDoNotDependOnTheMachinesTimeZone) {
  Database database({});
  Connection connection = database.connect();
  EXPECT_EQ(connection.rows("SELECT CAST(TIMESTAMPTZ '2026-06-01 12:00:00+02' AS VARCHAR)")[0][0],
            "2026-06-01 10:00:00+00");
}

TEST(Library, TellsItsVersion) { EXPECT_TRUE(library_version().starts_with("v1.")); }

}  // namespace
}  // namespace spillway::engine
