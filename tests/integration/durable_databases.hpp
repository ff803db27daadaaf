#pragma once

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string_view>

#include <gtest/gtest.h>

#include "database_under_test.hpp"
#include "small_disk.hpp"
#include "support/driver_fixture.hpp"
#include "support/temp_dir.hpp"

namespace spillway::testing {

/// A file system of a few megabytes that durable_database() sees; nothing when none can be mounted, which needs root.
inline std::optional<std::filesystem::path> small_disk_of_databases() {
  if (::geteuid() != 0) return std::nullopt;
  static const TempDir k_folder;
  static const SmallDisk k_disk(k_folder / "small", "8m");
  std::filesystem::permissions(k_folder.path(), std::filesystem::perms::others_exec,
                               std::filesystem::perm_options::add);
  return k_folder / "small";
}

/// The server of a family that keeps what it commits when it is killed, as servers do unless told otherwise: those of
/// other tests are fast and forgetful.
inline DatabaseUnderTest& durable_database(std::string_view family) {
  // A server sees what was mounted before it started.
  small_disk_of_databases();
  static PostgresUnderTest postgres({"synchronous_commit=on", "full_page_writes=on", "deadlock_timeout=500ms"});
  static MariadbUnderTest mariadb(
      {"innodb-flush-log-at-trx-commit=1", "innodb-doublewrite=1", "innodb-print-all-deadlocks=ON"});
  static SupabaseUnderTest supabase;
  static PooledUnderTest pooled;
  if (family == "mysql") return mariadb;
  if (family == "postgres") return postgres;
  return family == "pooled" ? pooled : supabase;
}

/// A test of a family's drivers against its server, which begins empty. The parameter is the family.
class DurableDatabaseTest : public DriverTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    db().start_over();
    fields = db().socket_fields();
  }
  static DatabaseUnderTest& db() { return durable_database(GetParam()); }
  nlohmann::json connection_fields() const override { return fields; }

  nlohmann::json fields;
};

}  // namespace spillway::testing
