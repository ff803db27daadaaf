#include "util/error.hpp"

#include "engine/database.hpp"
#include "support/temp_dir.hpp"

namespace spillway::engine {
namespace {

Error error_of(Connection& connection, const std::string& sql) {
  try {
    connection.execute(sql);
  } catch (const Exception& exception) {
    return exception.error();
  }
  return make_error(ErrorCode::internal, "no error");
}

TEST(EngineError, CodeFollowsTheCause) {
  const testing::TempDir dir;
  DatabaseOptions options;
  options.memory_limit_bytes = std::uint64_t{64} << 20;
  Database database(options);
  Connection connection = database.connect();
  EXPECT_EQ(error_of(connection, "SELEC 1").code, ErrorCode::sql);
  EXPECT_EQ(error_of(connection, "SELECT missing").code, ErrorCode::sql);
  EXPECT_EQ(error_of(connection, "FROM missing").code, ErrorCode::sql);
  EXPECT_EQ(error_of(connection, "SELECT CAST('x' AS INTEGER)").code, ErrorCode::bad_data);
  EXPECT_EQ(error_of(connection, "FROM read_csv('" + (dir / "none.csv").string() + "')").code,
            ErrorCode::file_not_found);
  EXPECT_EQ(error_of(connection, "COPY (SELECT 1) TO '" + (dir / "no/such/folder.csv").string() + "'").code,
            ErrorCode::file_not_found);
  EXPECT_EQ(error_of(connection, "CREATE TABLE t AS SELECT range AS a, uuid() AS b FROM range(10000000)").code,
            ErrorCode::out_of_memory);
}

TEST(EngineError, OutOfMemoryNamesTheSetting) {
  DatabaseOptions options;
  options.memory_limit_bytes = std::uint64_t{64} << 20;
  Database database(options);
  Connection connection = database.connect();
  const Error error = error_of(connection, "CREATE TABLE t AS SELECT range AS a, uuid() AS b FROM range(10000000)");
  EXPECT_EQ(error.message.find("Possible solutions"), std::string::npos) << "statements are not the user's";
  EXPECT_EQ(error.hint, "raise SPILLWAY_MEMORY_LIMIT (--memory-limit), or make the step's result smaller");
}

}  // namespace
}  // namespace spillway::engine
