#include "frame/table_size.hpp"

#include "engine/database.hpp"

namespace spillway::frame {
namespace {

TEST(TableSize, OneTablesSizeFollowsItsValues) {
  engine::Database database({});
  engine::Connection connection = database.connect();
  connection.execute("CREATE TABLE t AS SELECT range AS n, repeat('x', 100) AS s FROM range(10000)");
  DataFrame frame;
  frame.table = "t";
  frame.schema = connection.describe("FROM t");
  frame.row_count = 10000;
  EXPECT_EQ(table_bytes(connection, frame), 10000U * (8 + 16 + 100));
}

TEST(TableSize, AllTablesTogetherAreAtLeastTheirValues) {
  engine::Database database({});
  engine::Connection connection = database.connect();
  const std::uint64_t before = all_tables_bytes(connection);
  connection.execute("CREATE TABLE t AS SELECT range AS n FROM range(1000000)");
  EXPECT_GE(all_tables_bytes(connection) - before, 8'000'000U);
}

TEST(ProducingScope, KnowsWhetherAnotherWasOpenMeanwhile) {
  std::atomic<int> open{0};
  std::atomic<std::uint64_t> opened{0};
  {
    const ProducingScope first(open, opened);
    EXPECT_TRUE(first.was_alone());
    {
      const ProducingScope second(open, opened);
      EXPECT_FALSE(second.was_alone());
    }
    EXPECT_FALSE(first.was_alone());
  }
  const ProducingScope third(open, opened);
  EXPECT_TRUE(third.was_alone());
}

}  // namespace
}  // namespace spillway::frame
