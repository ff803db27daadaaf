#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cases.hpp"

namespace spillway::testing {
class MariadbServer;
class PostgresServer;
}  // namespace spillway::testing

namespace spillway::bench {

/// The cases of the databases, against private servers that hold the data and end with this.
class DbCases {
 public:
  DbCases(std::filesystem::path folder, const Sizes& sizes);
  ~DbCases();

  /// Starts the server and fills it.
  std::vector<Case> postgres();
  std::vector<Case> mysql();

 private:
  enum class Frames { none, spilled };
  Command spillway(const std::string& name, const std::string& steps, Frames frames) const;
  Command shell(const std::string& script) const;
  std::string psql_text() const;
  std::string mariadb_text() const;
  void load_postgres();
  void load_mariadb();

  std::filesystem::path m_folder;
  Sizes m_sizes;
  std::filesystem::path m_parquet;
  std::unique_ptr<testing::PostgresServer> m_postgres;
  std::unique_ptr<testing::MariadbServer> m_mariadb;
};

/// The names of the cases, without starting anything.
std::vector<std::string> db_case_names();

}  // namespace spillway::bench
