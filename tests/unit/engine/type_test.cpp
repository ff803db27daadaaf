#include "engine/type.hpp"

#include <string>

#include "engine/database.hpp"
#include "support/all_types.hpp"

namespace spillway::engine {
namespace {

TEST(Type, TextOfEveryTypeIsWhatTheEngineCallsIt) {
  Database database({});
  Connection connection = database.connect();
  connection.execute("CREATE TABLE t AS " + testing::all_types_sql());
  const auto described = connection.rows("SELECT column_type FROM (DESCRIBE t)");
  const Schema schema = connection.describe("FROM t");
  ASSERT_EQ(described.size(), schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    // Quoting of member names may differ; that the engine reads the text as the same type must not.
    const std::string sql = "SELECT typeof(CAST(NULL AS " + schema[i].type.to_sql() + "))";
    EXPECT_EQ(connection.rows(sql)[0][0], described[i][0]) << schema[i].name;
  }
}

TEST(Type, AnUntypedNullIsStoredAsInteger) { EXPECT_EQ(Type(TypeId::sql_null).to_sql(), "INTEGER"); }

TEST(Type, NamesInsideATypeAreQuoted) {
  EXPECT_EQ(Type::structure({"a b", "c\"d"}, {TypeId::integer, Type::list(TypeId::varchar)}).to_sql(),
            "STRUCT(\"a b\" INTEGER, \"c\"\"d\" VARCHAR[])");
  EXPECT_EQ(Type::enumeration({"it's"}).to_sql(), "ENUM('it''s')");
}

}  // namespace
}  // namespace spillway::engine
