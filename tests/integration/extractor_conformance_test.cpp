#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "durable_databases.hpp"

/// What every extractor of a database does alike. What a server has of its own is tested with its driver.
namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ExtractorConformance : public DurableDatabaseTest {
 protected:
  Rows read(Json config) {
    extract(db().extractor(), std::move(config));
    return rows();
  }
  std::string read_error(Json config) { return error_of(db().extractor(), std::move(config)).to_display(); }
};

TEST_P(ExtractorConformance, ReadsAQueryInItsOrder) {
  const std::string query = fmt::format(
      "SELECT CAST(i AS DECIMAL(9,0)) AS n, CAST('x' AS CHAR(1)) AS s FROM {} ORDER BY i DESC;  ", db().numbers(3));
  EXPECT_EQ(read({{"query", query}}), (Rows{{"3", "x"}, {"2", "x"}, {"1", "x"}}));
  EXPECT_THAT(columns(), ElementsAre("n DECIMAL(9,0)", "s VARCHAR"));
}

TEST_P(ExtractorConformance, NoRowsAreAFrameWithColumns) {
  EXPECT_THAT(read({{"query", "SELECT CAST(1 AS DECIMAL(9,0)) AS a, CAST('x' AS CHAR(1)) AS b WHERE 1 = 0"}}),
              IsEmpty());
  EXPECT_THAT(columns(), ElementsAre("a DECIMAL(9,0)", "b VARCHAR"));
}

TEST_P(ExtractorConformance, ReadsMoreRowsThanAChunkBySocketAndByTcp) {
  for (const Json& by : {db().socket_fields(), db().tcp_fields()}) {
    fields = by;
    extract(db().extractor(),
            {{"query", fmt::format("SELECT i, REPEAT('x', i % 400) AS s FROM {}", db().numbers(100'000))}});
    EXPECT_EQ(count("SELECT sum(i) FROM frame"), 5000050000U);
    EXPECT_EQ(count("SELECT count(*) FROM frame WHERE strlen(s) = i % 400"), 100000U);
  }
}

TEST_P(ExtractorConformance, ReadsATableWithFilterOrderAndLimit) {
  const std::string name = db().quoted("Odd \"`name");
  db().sql(fmt::format("CREATE TABLE {0} (id int, {1} varchar(9), {2} int)", name, db().quoted("a b"),
                       db().quoted("select")));
  for (int i = 1; i <= 10; ++i) db().sql(fmt::format("INSERT INTO {0} VALUES ({1}, 'v{1}', -{1})", name, i));
  EXPECT_EQ(read({{"table", R"("Odd ""`name")"},
                  {"columns", {"select", "a b"}},
                  {"filter", "id > 3 -- not the first ones"},
                  {"order", {"id desc", "a b asc"}},
                  {"limit", 2}}),
            (Rows{{"-10", "v10"}, {"-9", "v9"}}));
  EXPECT_THAT(columns(), ElementsAre("select INTEGER", "a b VARCHAR"));
}

TEST_P(ExtractorConformance, ParametersAreBoundAndNeverPasted) {
  db().sql("CREATE TABLE n (i int, s varchar(40)); INSERT INTO n VALUES (1, 'it''s; DROP TABLE n'), (2, 'two')");
  const std::string condition = fmt::format("s = {}", db().placeholder(1));
  const Json params{"it's; DROP TABLE n"};
  EXPECT_EQ(read({{"table", "n"}, {"filter", condition}, {"params", params}}), (Rows{{"1", "it's; DROP TABLE n"}}));
  EXPECT_EQ(read({{"query", "SELECT i FROM n WHERE " + condition}, {"params", params}}), (Rows{{"1"}}));
}

TEST_P(ExtractorConformance, PartsTogetherAreAllRowsOnceAndInTheSameOrderInEveryRun) {
  db().sql(fmt::format("CREATE TABLE p (id int); INSERT INTO p SELECT i FROM {}; INSERT INTO p VALUES (NULL)",
                       db().numbers(20'000)));
  const Json config{{"table", "p"}, {"partition", {{"column", "id"}, {"parts", 3}}}};
  extract(db().extractor(), config, "one");
  extract(db().extractor(), config, "two");
  EXPECT_EQ(count("SELECT count(*) FROM one"), 20001U);
  EXPECT_EQ(count("SELECT count(DISTINCT id) FROM one"), 20000U);
  EXPECT_EQ(rows("one"), rows("two"));
  extract(db().extractor(),
          {{"query", "SELECT id FROM p WHERE id < 100"}, {"partition", {{"column", "id"}, {"parts", 2}}}});
  EXPECT_EQ(count("SELECT sum(id) FROM frame"), 4950U);
  extract(db().extractor(),
          {{"query", "SELECT id FROM p WHERE 1 = 0"}, {"partition", {{"column", "id"}, {"parts", 3}}}});
  EXPECT_EQ(count("SELECT count(*) FROM frame"), 0U);
}

TEST_P(ExtractorConformance, OptionsThatExcludeEachOtherAreTold) {
  EXPECT_EQ(read_error({{"query", "SELECT 1"}, {"table", "t"}}),
            "error: cannot read table 't': cannot read both 'query' and 'table'\n  hint: give one of the two");
  EXPECT_EQ(read_error({{"query", "SELECT 1"}, {"limit", 5}}),
            "error: cannot read the query: option 'limit' does not go with 'query'\n  hint: say it in the query");
  EXPECT_EQ(read_error({{"table", "t"}, {"limit", 5}, {"partition", {{"column", "a"}, {"parts", 2}}}}),
            "error: cannot read table 't': option 'limit' does not go with 'partition'\n"
            "  hint: parts are read side by side, and each of them by a statement of its own");
  EXPECT_EQ(read_error({{"query", "SELECT 1 AS id"}, {"partition", {{"column", "idd"}, {"parts", 2}}}}),
            "error: cannot read the query: unknown column 'idd' in 'partition': the rows have none of that name\n"
            "  hint: did you mean 'id'?");
  EXPECT_THAT(
      read_error({{"query", "SELECT CAST('x' AS CHAR(1)) AS id"}, {"partition", {{"column", "id"}, {"parts", 2}}}}),
      HasSubstr("error: cannot read the query: cannot divide by column 'id': it is no number, date or timestamp\n"
                "  hint: name another column"));
}

TEST_P(ExtractorConformance, ADatabaseNameMayHaveQuotes) {
  const std::string name = "it's `odd\"";
  fields = db().fields_of_database(name);
  extract(db().extractor(), {{"query", "SELECT 1"}});
  EXPECT_EQ(rows(), (Rows{{"1"}}));
}

INSTANTIATE_TEST_SUITE_P(Families, ExtractorConformance, ::testing::Values("postgres", "mysql", "supabase", "pooled"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace spillway::testing
