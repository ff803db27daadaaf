#include "engine/sql.hpp"

namespace spillway::engine {
namespace {

TEST(Sql, QuotesDoubleTheirOwnCharacter) {
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal(""), "''");
  EXPECT_EQ(quote_list({"a", "b'c"}), "['a', 'b''c']");
}

}  // namespace
}  // namespace spillway::engine
