#include "pipeline/sql_names.hpp"

#include <gtest/gtest.h>

namespace spillway::pipeline {
namespace {

using Names = std::vector<std::string>;

TEST(SqlNames, AreThoseBehindFromAndJoin) {
  EXPECT_EQ(table_names_in("SELECT a FROM df JOIN df_x x ON x.a = df.a LEFT JOIN df_y USING (a)"),
            (Names{"df", "df_x", "df_y"}));
  EXPECT_EQ(table_names_in("SELECT * FROM a, b AS c, d"), (Names{"a", "b", "d"}));
  EXPECT_EQ(table_names_in("from df select count(*)"), Names{"df"});
  EXPECT_EQ(table_names_in("SELECT * FROM (SELECT * FROM a) s, (b JOIN c ON true)"), (Names{"a", "b", "c"}));
  EXPECT_EQ(table_names_in("SELECT 1 FROM a UNION ALL SELECT 2 FROM b WHERE x IN (SELECT y FROM c)"),
            (Names{"a", "b", "c"}));
  EXPECT_EQ(table_names_in("SELECT array(SELECT x FROM a), exists(FROM b)"), (Names{"a", "b"}));
  EXPECT_EQ(table_names_in("SELECT * FROM \"My \"\"T\"\"\""), Names{"My \"T\""});
}

TEST(SqlNames, LeaveOutWhatIsNoTable) {
  EXPECT_EQ(table_names_in("SELECT extract(year FROM day), trim(both 'x' FROM name), substring(s FROM 2) FROM df"),
            Names{"df"});
  EXPECT_EQ(table_names_in("SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM c FROM df"), Names{"df"});
  EXPECT_EQ(table_names_in("SELECT * FROM range(5), main.t, 'file.csv', unnest(x) AS u"), Names{});
  EXPECT_EQ(
      table_names_in("SELECT 'FROM a', $$ FROM b $$, $t$ FROM c $t$, E'\\' FROM d' -- FROM e\n/* FROM /* */ f */"),
      Names{});
}

TEST(SqlNames, LeaveOutCommonTableExpressions) {
  EXPECT_EQ(table_names_in("WITH RECURSIVE a(x, y) AS NOT MATERIALIZED (SELECT * FROM df), B AS (FROM a) "
                           "SELECT * FROM b, A, c"),
            (Names{"df", "c"}));
}

TEST(SqlNames, WhatIsNoSqlDoesNoHarm) {
  for (const char* text : {"", "FROM", "FROM (", "FROM )))", "'", "\"", "$", "$$", "/*", "--", "SELECT ,,, FROM ,",
                           "((((((", "FROM a.", "JOIN JOIN JOIN", "WITH a AS", "a(a(a("}) {
    table_names_in(text);
  }
}

}  // namespace
}  // namespace spillway::pipeline
